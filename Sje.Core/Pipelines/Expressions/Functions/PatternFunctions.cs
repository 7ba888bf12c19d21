using static Sje.Core.Pipelines.Expressions.Functions.Function;
using static Sje.Core.Pipelines.Expressions.Functions.Overload;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>Functions on regular expressions of the portable subset; DuckDB takes those as they are.</summary>
internal static class PatternFunctions
{
    public static IReadOnlyList<Function> All { get; } =
    [
        Scalar(
            "regexp_matches",
            On("string, =string -> boolean", "regexp_matches(@0, @1)") with
            {
                Check = a => PortablePattern.Check(a, mayBeEmpty: true),
            }
        ),
        Scalar(
            "regexp_extract",
            On("string, =string -> string", "CASE WHEN regexp_matches(@0, @1) THEN regexp_extract(@0, @1, 0) END") with
            {
                Check = a => PortablePattern.Check(a, mayBeEmpty: true),
            },
            On(
                "string, =string, =int32 -> string",
                "CASE WHEN regexp_matches(@0, @1) THEN regexp_extract(@0, @1, @2) END"
            ) with
            {
                Check = a => PortablePattern.CheckGroup(a, mayBeEmpty: true),
            }
        ),
        Scalar(
            "regexp_replace",
            On("string, =string, =string -> string", "regexp_replace(@0, @1, @2, 'g')") with
            {
                Check = PortablePattern.CheckReplacement,
            }
        ),
        Scalar(
            "regexp_extract_all",
            On("string, =string -> array<string>", "regexp_extract_all(@0, @1, 0)") with
            {
                Check = a => PortablePattern.Check(a, mayBeEmpty: false),
            },
            On("string, =string, =int32 -> array<string>", "regexp_extract_all(@0, @1, @2)") with
            {
                Check = a => PortablePattern.CheckGroup(a, mayBeEmpty: false),
            }
        ),
        Scalar(
            "regexp_count",
            On("string, =string -> int32", "CAST(len(regexp_extract_all(@0, @1)) AS INTEGER)") with
            {
                Check = a => PortablePattern.Check(a, mayBeEmpty: false),
            }
        ),
        Scalar(
            "regexp_split",
            On("string, =string -> array<string>", "regexp_split_to_array(@0, @1)") with
            {
                Check = a => PortablePattern.Check(a, mayBeEmpty: false),
            }
        ),
    ];
}
