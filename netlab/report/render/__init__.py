"""Values → terminal, HTML, Markdown, JSON. Nothing is computed here."""
