"""The columns of every table of protocols that were promised first, and those that came later."""

from registers.exports.columns import COLUMNS

PROMISED = [
    *("reference", "title", "version", "theme", "purpose", "summary", "information_items"),
    *("data_subjects", "lawful_basis", "lead_organisation", "other_organisations"),
    *("parties_note", "review_date", "review_status", "status", "published", "updated", "url"),
]
# After the address, in the order in which they came.
LATER = [column.name for column in COLUMNS][len(PROMISED) :]
