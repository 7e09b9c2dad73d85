"""The face for other registries: HSDS 3.1 (Open Referral) with the filters of Open Referral UK."""
