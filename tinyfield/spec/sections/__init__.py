"""The sections of the app file as pydantic models, one small file a group."""
