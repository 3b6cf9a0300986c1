"""The report's pictures: values → SVG."""
