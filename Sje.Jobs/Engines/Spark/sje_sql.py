"""Runs an SQL script on Spark, statement by statement: sje_sql.py SCRIPT [NAME=VALUE...].

Statements end with a semicolon; those in quotes and comments do not count. Each NAME=VALUE is a parameter that the
statements name as :NAME. What a query gives is printed, up to 100 rows of it. The first statement that fails ends it all.
"""

import sys

from pyspark.sql import SparkSession

ROWS_SHOWN = 100


def statements(text):
    """The statements of a script, in order, without those that are empty."""
    found, start, place = [], 0, 0
    while place < len(text):
        rest = text[place:]
        if rest.startswith("--"):
            place = end_of(text, place, "\n")
        elif rest.startswith("/*"):
            place = end_of(text, place + 2, "*/")
        elif text[place] in "'\"`":
            place = end_of_quote(text, place)
        elif text[place] == ";":
            found.append(text[start:place])
            place += 1
            start = place
        else:
            place += 1
    found.append(text[start:])
    return [statement.strip() for statement in found if has_words(statement)]


def end_of(text, place, mark):
    """Behind the next mark, or the end of the text."""
    end = text.find(mark, place)
    return len(text) if end < 0 else end + len(mark)


def end_of_quote(text, place):
    """Behind the quote that begins at place. A backslash takes the next letter along, but not between backticks."""
    quote, place = text[place], place + 1
    while place < len(text):
        if text[place] == "\\" and quote != "`":
            place += 2
        elif text[place] == quote:
            return place + 1
        else:
            place += 1
    return place


def has_words(statement):
    """Whether more than blanks and comments stand there."""
    place = 0
    while place < len(statement):
        if statement.startswith("--", place):
            place = end_of(statement, place, "\n")
        elif statement.startswith("/*", place):
            place = end_of(statement, place + 2, "*/")
        elif statement[place].isspace():
            place += 1
        else:
            return True
    return False


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        script = statements(file.read())
    parameters = dict(argument.split("=", 1) for argument in sys.argv[2:])
    spark = SparkSession.builder.getOrCreate()
    for number, statement in enumerate(script, 1):
        print(f"-- statement {number} of {len(script)}", flush=True)
        used = {name: value for name, value in parameters.items() if f":{name}" in statement}
        result = spark.sql(statement, args=used) if used else spark.sql(statement)
        if result.columns:
            result.show(ROWS_SHOWN, truncate=False)
    spark.stop()


if __name__ == "__main__":
    main()
