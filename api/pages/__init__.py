"""What people read: the published documents as HTML, rendered from web/templates."""
