using Sje.Core.Pipelines.Expressions.Values;
using static Sje.Core.Pipelines.Expressions.Functions.Function;
using static Sje.Core.Pipelines.Expressions.Functions.Overload;
using static Sje.Core.Pipelines.Expressions.Functions.TextFunctions;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>Functions on dates, timestamps and instants. Weeks start on Monday.</summary>
internal static class DateFunctions
{
    private static readonly string[] Boundaries =
    [
        "year",
        "quarter",
        "month",
        "week",
        "day",
        "hour",
        "minute",
        "second",
    ];

    private static readonly string[] DateUnits = ["year", "quarter", "month", "week", "day"];

    private static readonly string[] TimestampUnits = [.. DateUnits, "hour", "minute", "second", "millisecond"];

    private static readonly Dictionary<string, long> UnitMicroseconds = new()
    {
        ["week"] = 604_800_000_000,
        ["day"] = 86_400_000_000,
        ["hour"] = 3_600_000_000,
        ["minute"] = 60_000_000,
        ["second"] = 1_000_000,
        ["microsecond"] = 1,
    };

    public static IReadOnlyList<Function> All { get; } =
    [
        Scalar(
            "add_days",
            On("date, int32 -> date", "@0 + @1"),
            On("timestamp, int32 -> timestamp", "@0 + to_days(@1)")
        ),
        AddCalendar("add_months", "to_months"),
        AddCalendar("add_years", "to_years"),
        AddTime("add_hours", "to_hours"),
        AddTime("add_minutes", "to_minutes"),
        AddTime("add_seconds", "to_seconds"),
        Scalar("add_microseconds", On("timestamp, int64 -> timestamp", "@0 + to_microseconds(@1)")),
        Scalar("days_between", On("date, date -> int32", "CAST(@1 - @0 AS INTEGER)")),
        Scalar(
            "boundaries_between",
            On(
                "=string, timestamp, timestamp -> int64",
                o =>
                    o.String(0) == "week"
                        ? "date_diff('day', date_trunc('week', @1), date_trunc('week', @2)) // 7"
                        : $"date_diff('{o.String(0)}', @1, @2)"
            ) with
            {
                Check = OneOf(0, Boundaries),
            }
        ),
        Scalar(
            "units_between",
            On(
                "=string, timestamp, timestamp -> int64",
                o => $"(epoch_us(@2) - epoch_us(@1)) // {UnitMicroseconds[o.String(0)]}"
            ) with
            {
                Check = OneOf(0, [.. UnitMicroseconds.Keys]),
            }
        ),
        Scalar(
            "date_trunc",
            On(
                "=string, date -> date",
                o => o.String(0) == "day" ? "@1" : $"CAST(date_trunc('{o.String(0)}', @1) AS DATE)"
            ) with
            {
                Check = OneOf(0, DateUnits),
            },
            On("=string, timestamp -> timestamp", o => $"date_trunc('{o.String(0)}', @1)") with
            {
                Check = OneOf(0, TimestampUnits),
            }
        ),
        Part("year", "year"),
        Part("quarter", "quarter"),
        Part("month", "month"),
        Part("day", "day"),
        Part("day_of_year", "dayofyear"),
        Part("iso_week", "week"),
        Part("iso_year", "isoyear"),
        Part("iso_day_of_week", "isodow"),
        Scalar("hour", On("timestamp -> int32", "CAST(hour(@0) AS INTEGER)")),
        Scalar("minute", On("timestamp -> int32", "CAST(minute(@0) AS INTEGER)")),
        Scalar("second", On("timestamp -> int32", "CAST(second(@0) AS INTEGER)")),
        Scalar("microsecond", On("timestamp -> int32", "CAST(microsecond(@0) % 1000000 AS INTEGER)")),
        Scalar("last_day", On("date -> date", "last_day(@0)")),
        Scalar(
            "next_weekday",
            On("date, =int32 -> date", "@0 + CAST((@1 - isodow(@0) + 6) % 7 + 1 AS INTEGER)") with
            {
                Check = LiteralRange(1, 1, 7),
            }
        ),
        Scalar("make_date", On("int32, int32, int32 -> date", "make_date(@0, @1, @2)")),
        Scalar(
            "make_timestamp",
            On(
                "int32, int32, int32, int32, int32, decimal(8,6) -> timestamp",
                "CASE WHEN @3 > 23 OR @5 >= 60 THEN CAST(error('make_timestamp: out of range') AS TIMESTAMP)"
                    + " ELSE make_timestamp(@0, @1, @2, @3, @4, CAST(@5 AS DOUBLE)) END"
            )
        ),
        Epoch("epoch_seconds", 1_000_000),
        Epoch("epoch_millis", 1_000),
        Scalar("epoch_micros", On("timestamp -> int64", "epoch_us(@0)"), On("instant -> int64", "epoch_us(@0)")),
        Scalar("from_epoch_millis", On("int64 -> timestamp", "make_timestamp(@0 * 1000)")),
        Scalar("from_epoch_seconds", On("int64 -> timestamp", "make_timestamp(@0 * 1000000)")),
        Scalar("from_epoch_micros", On("int64 -> timestamp", "make_timestamp(@0)")),
        Scalar(
            "format_date",
            On("timestamp, =string -> string", FormatDate) with
            {
                Check = DatePattern.CheckFormat,
            },
            On("date, =string -> string", FormatDate) with
            {
                Check = DatePattern.CheckFormat,
            }
        ),
        Scalar(
            "parse_timestamp",
            On("string, =string -> timestamp", o => ParseDate(o, "strptime", null, "timestamp", "TIMESTAMP")) with
            {
                Check = DatePattern.CheckParse,
            }
        ),
        Scalar(
            "try_parse_timestamp",
            On("string, =string -> timestamp", o => ParseDate(o, "try_strptime", null, null, "TIMESTAMP")) with
            {
                Check = DatePattern.CheckParse,
            }
        ),
        Scalar(
            "parse_date",
            On("string, =string -> date", o => ParseDate(o, "strptime", "DATE", "date", "DATE")) with
            {
                Check = DatePattern.CheckParse,
            }
        ),
        Scalar(
            "try_parse_date",
            On("string, =string -> date", o => ParseDate(o, "try_strptime", "DATE", null, "DATE")) with
            {
                Check = DatePattern.CheckParse,
            }
        ),
        Scalar("to_utc", On("timestamp, =string -> timestamp", "sje_to_utc(@0, @1)") with { Check = Zone }),
        Scalar(
            "from_utc",
            On("timestamp, =string -> timestamp", "(@0 AT TIME ZONE 'UTC') AT TIME ZONE @1") with
            {
                Check = Zone,
            }
        ),
        Scalar(
            "time_bucket",
            On(
                "timestamp, =int32 -> timestamp",
                "time_bucket(to_seconds(@1), @0, TIMESTAMP '1970-01-01 00:00:00')"
            ) with
            {
                Check = LiteralRange(1, 1, int.MaxValue),
            }
        ),
    ];

    private static Function Part(string name, string duckDb) =>
        Scalar(
            name,
            On("date -> int32", $"CAST({duckDb}(@0) AS INTEGER)"),
            On("timestamp -> int32", $"CAST({duckDb}(@0) AS INTEGER)")
        );

    private static Function AddCalendar(string name, string interval) =>
        Scalar(
            name,
            On("date, int32 -> date", $"CAST(@0 + {interval}(@1) AS DATE)"),
            On("timestamp, int32 -> timestamp", $"@0 + {interval}(@1)")
        );

    private static Function AddTime(string name, string interval) =>
        Scalar(
            name,
            On("timestamp, int32 -> timestamp", $"@0 + {interval}(@1)"),
            On("instant, int32 -> instant", $"@0 + {interval}(@1)")
        );

    /// <summary>Floors, where DuckDB's own functions cut towards zero before 1970.</summary>
    private static Function Epoch(string name, int unit)
    {
        var duckDb =
            $"CASE WHEN epoch_us(@0) < 0 THEN -((-epoch_us(@0) + {unit - 1}) // {unit}) ELSE epoch_us(@0) // {unit} END";
        return Scalar(name, On("timestamp -> int64", duckDb), On("instant -> int64", duckDb));
    }

    private static string FormatDate(Operands o) => $"strftime(@0, {o.Text(DatePattern.Strftime(o.String(1)))})";

    private static string ParseDate(Operands o, string function, string? cast, string? error, string type)
    {
        var parsed = $"{function}(@0, {o.Text(DatePattern.Strftime(o.String(1)))})";
        var value = cast is null ? parsed : $"CAST({parsed} AS {cast})";
        var otherwise = error is null
            ? ""
            : $" WHEN @0 IS NOT NULL THEN CAST(error('cannot parse {error}: ' || @0) AS {type})";
        return $"CASE WHEN regexp_matches(@0, {o.Text(DatePattern.Guard(o.String(1)))}) THEN {value}{otherwise} END";
    }

    private static Func<IReadOnlyList<Typed>, string?> OneOf(int index, IReadOnlyList<string> words) =>
        arguments =>
            arguments[index] is Literal { Value: string word } && !words.Contains(word)
                ? $"'{word}' is none of {string.Join(", ", words)}"
                : null;

    private static string? Zone(IReadOnlyList<Typed> arguments) =>
        arguments[1] is Literal { Value: string zone }
        && !(
            zone == "UTC"
            || (zone.Contains('/', StringComparison.Ordinal) && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
        )
            ? $"'{zone}' is no IANA time zone, such as Europe/Berlin"
            : null;
}
