"""For plugin authors and demos: conformance kits and CRM emulators."""
