"""DICOM folders in the extract gate: de-identified by PS3.15 Annex E, suspects set aside, then verified."""
