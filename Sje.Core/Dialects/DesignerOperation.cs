using System.Text.Json;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>Tells what a transformation of the Spark designer does: <c>type</c> says it, or <c>operation</c>, or both.</summary>
internal sealed class DesignerOperation(JoinStep joins, FaultList faults)
{
    private static readonly Dictionary<string, string> Operations = new(StringComparer.OrdinalIgnoreCase)
    {
        ["filter"] = "filter",
        ["where"] = "filter",
        ["select"] = "select",
        ["join"] = "join",
        ["aggregate"] = "aggregate",
        ["groupBy"] = "aggregate",
        ["withColumn"] = "withColumn",
        ["derive"] = "withColumn",
        ["drop"] = "drop",
        ["rename"] = "rename",
        ["sort"] = "sort",
        ["orderBy"] = "sort",
        ["limit"] = "limit",
        ["distinct"] = "distinct",
        ["deduplicate"] = "distinct",
        ["union"] = "union",
    };

    // What stands for no operation in particular: then 'operation' says which.
    private static readonly string[] AnyKind = ["transform", "transformation"];

    /// <summary>What a transformation does, in one of our words; null and no fault where that cannot be told.</summary>
    public static string? Of(Fields work)
    {
        var (type, operation) = (AsText(work, "type"), AsText(work, "operation"));
        return operation is not null
            && Operations.TryGetValue(operation, out var named)
            && (type is null || !IsKnown(type) || Same(type, operation))
                ? named
            : type is not null && Operations.TryGetValue(type, out var kind) ? kind
            : null;
    }

    /// <summary>Says what is wrong with <c>type</c> and <c>operation</c>; of a join the operation may be its kind.</summary>
    public string? Check(Fields work, out string? operation)
    {
        operation = null;
        if (work.RequiredText("type") is not { } type)
        {
            work.Text("operation");
            return null;
        }

        var given = work.Text("operation");
        operation = Of(work);
        if (operation is null)
        {
            var (wrong, at) =
                given is not null && (AnyKind.Contains(type, StringComparer.OrdinalIgnoreCase) || IsKnown(type))
                    ? (given, work.At("operation"))
                    : (type, work.At("type"));
            faults.Add(
                at,
                FaultCodes.InvalidValue,
                $"There is no transformation {Excerpt.Quote(wrong)}.{NearName.Hint(wrong, Operations.Keys)} There are {string.Join(", ", Operations.Values.Distinct())}."
            );
            return null;
        }

        if (given is null || (IsKnown(given) && (Same(type, given) || !IsKnown(type))))
        {
            if (given is not null && !IsKnown(type) && !AnyKind.Contains(type, StringComparer.OrdinalIgnoreCase))
            {
                faults.Add(
                    work.At("type"),
                    FaultCodes.InvalidValue,
                    $"There is no transformation {Excerpt.Quote(type)}.{NearName.Hint(type, Operations.Keys)} There are {string.Join(", ", Operations.Values.Distinct())}."
                );
            }

            return null;
        }

        if (operation == "join")
        {
            return joins.KindOf(given, work.At("operation"));
        }

        faults.Add(
            work.At("operation"),
            FaultCodes.Conflict,
            $"The type is {Excerpt.Quote(type)}, and the operation {Excerpt.Quote(given)} is another one or none."
        );
        return null;
    }

    private static bool IsKnown(string word) => Operations.ContainsKey(word);

    private static bool Same(string type, string operation) =>
        Operations.GetValueOrDefault(type) == Operations.GetValueOrDefault(operation);

    private static string? AsText(Fields work, string name) =>
        work.Any(name)?.GetValueKind() == JsonValueKind.String ? work.Text(name) : null;
}
