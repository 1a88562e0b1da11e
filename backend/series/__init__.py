"""Image series: uploads, import, pixel stores and what the browser reads of them."""
