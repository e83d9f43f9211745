"""The function of the indexes by which range filters of large collections find their items."""

from django.db import migrations

# From the least to the greatest number of an attribute: what a range filter accepts overlaps with it.
NUMBER_SPAN = """
CREATE FUNCTION akin_number_span(value jsonb) RETURNS numrange
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
    SELECT CASE WHEN count(number) > 0 THEN numrange(min(number), max(number), '[]') END
    FROM (
        SELECT CASE
            WHEN jsonb_typeof(e) = 'number' THEN e::numeric
            WHEN e #>> '{}' ~ '[0-9]' AND pg_input_is_valid(e #>> '{}', 'numeric') THEN (e #>> '{}')::numeric
        END AS number
        FROM jsonb_array_elements(
            CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE jsonb_build_array(value) END
        ) AS element(e)
    ) AS numbers
$$
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0017_interest_runs")]
    operations = [migrations.RunSQL(NUMBER_SPAN, "DROP FUNCTION akin_number_span(jsonb)")]
