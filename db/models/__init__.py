"""The registry: normalised working tables that staff edit and nobody else reads."""

from db.models.base import Base
from db.models.codelists import Codelist, CodelistTerm
from db.models.districts import Designation, District, DistrictSuccession
from db.models.holidays import Holiday
from db.models.houses import House, HouseStreet
from db.models.imports import Correction, ExportRun, ImportRun
from db.models.indicators import Disclosure, Indicator, IndicatorTerm, Observation
from db.models.offerings import (
    Evaluation,
    Offering,
    OfferingServiceDistrict,
    OfferingSite,
    OfferingTerm,
    Site,
)
from db.models.organisations import Organisation
from db.models.provenance import Dirty, Language, Publication, Revision, Source
from db.models.strategies import (
    Consultation,
    Decision,
    Measure,
    MeasureDistrict,
    MeasureIndicator,
    MeasureOffering,
    MeasureTerm,
    MeasureTopic,
    Milestone,
    Report,
    StatedTotal,
    Statement,
    Strategy,
    StrategyTerm,
    StrategyTopic,
    TopicTerm,
)

__all__ = [
    "Base",
    "Codelist",
    "CodelistTerm",
    "Consultation",
    "Correction",
    "Decision",
    "Designation",
    "Dirty",
    "Disclosure",
    "District",
    "DistrictSuccession",
    "Evaluation",
    "ExportRun",
    "Holiday",
    "House",
    "HouseStreet",
    "ImportRun",
    "Indicator",
    "IndicatorTerm",
    "Language",
    "Measure",
    "MeasureDistrict",
    "MeasureIndicator",
    "MeasureOffering",
    "MeasureTerm",
    "MeasureTopic",
    "Milestone",
    "Observation",
    "Offering",
    "OfferingServiceDistrict",
    "OfferingSite",
    "OfferingTerm",
    "Organisation",
    "Publication",
    "Report",
    "Revision",
    "Site",
    "Source",
    "StatedTotal",
    "Statement",
    "Strategy",
    "StrategyTerm",
    "StrategyTopic",
    "TopicTerm",
]
