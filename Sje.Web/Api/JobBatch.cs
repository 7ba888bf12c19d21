using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Web.Api.Problems;

namespace Sje.Web.Api;

/// <summary>One job of a batch as a tree, with what is wrong with its text; or why it is none.</summary>
internal sealed record BatchEntry(JsonNode? Tree, IReadOnlyList<Fault> Faults, Refusal? Refusal);

/// <summary>Takes a batch apart: an array, <c>{"tasks": [...]}</c>, or a line of JSON for each job.</summary>
internal sealed record JobBatch(IReadOnlyList<BatchEntry> Items, Func<int, string> At, Refusal? Refusal)
{
    private const int MaxJobBytes = 1024 * 1024;

    public static JobBatch Read(ReadOnlyMemory<byte> bytes, JobFormat format, bool isLines, int maxItems) =>
        isLines ? ReadLines(bytes, maxItems) : ReadDocument(bytes, format, maxItems);

    private static JobBatch ReadDocument(ReadOnlyMemory<byte> bytes, JobFormat format, int maxItems)
    {
        var document = DocumentReader.Read(bytes, format, Requests.RequestBytes.MaxBytes);
        if (document.Failure is JobReadFailure.TooLarge or JobReadFailure.NotReadable)
        {
            return Refused(Refusal.Of(document.Failure, document.Faults));
        }

        var (list, at) = document.Root switch
        {
            JsonArray array => (array, ""),
            JsonObject map when map["tasks"] is JsonArray array => (array, "/tasks"),
            _ => (null, ""),
        };
        if (list is null)
        {
            return Wrong("A batch is an array of jobs, or an object with an array 'tasks'.", FaultCodes.WrongType);
        }

        if (document.Root is JsonObject { Count: > 1 } wrapper)
        {
            var foreign = wrapper.Select(field => field.Key).First(key => key != "tasks");
            return Refused(
                Refusal.Invalid([
                    new Fault(Fault.At("", foreign), "A batch has no field beside 'tasks'.", FaultCodes.UnknownField),
                ])
            );
        }

        if (BadCount(list.Count, maxItems) is { } bad)
        {
            return bad;
        }

        var outside = document
            .Faults.Where(fault => !fault.Pointer.StartsWith(at + "/", StringComparison.Ordinal))
            .ToList();
        if (outside.Count > 0)
        {
            return Refused(Refusal.Of(JobReadFailure.Wrong, outside));
        }

        // Detached, each tree is its own root; the array lets go of the last first.
        var entries = new BatchEntry[list.Count];
        for (var index = list.Count - 1; index >= 0; index--)
        {
            var tree = list[index];
            list.RemoveAt(index);
            entries[index] = new BatchEntry(
                tree,
                document.Faults.Count == 0 ? [] : document.FaultsUnder($"{at}/{index}"),
                null
            );
        }

        return new JobBatch(entries, index => $"{at}/{index}", null);
    }

    private static JobBatch ReadLines(ReadOnlyMemory<byte> bytes, int maxItems)
    {
        var entries = new List<BatchEntry>();
        var rest = bytes;
        while (!rest.IsEmpty)
        {
            var end = rest.Span.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (line.Span.Trim(" \t\r"u8).IsEmpty)
            {
                continue;
            }

            if (entries.Count == maxItems)
            {
                return BadCount(maxItems + 1, maxItems)!; // More than the most is a bad count.
            }

            var document = DocumentReader.Read(line, JobFormat.Json, MaxJobBytes);
            entries.Add(
                document.Failure is JobReadFailure.TooLarge or JobReadFailure.NotReadable
                    ? new BatchEntry(null, [], Refusal.Of(document.Failure, document.Faults))
                    : new BatchEntry(document.Root, document.Faults, null)
            );
        }

        return BadCount(entries.Count, maxItems) ?? new JobBatch(entries, index => $"/{index}", null);
    }

    private static JobBatch? BadCount(int count, int maxItems) =>
        count switch
        {
            0 => Wrong("There is no job in it.", FaultCodes.Required),
            _ when count > maxItems => Wrong($"At most {maxItems:N0} jobs are taken at once.", FaultCodes.TooMany),
            _ => null,
        };

    private static JobBatch Wrong(string detail, string code) =>
        Refused(Refusal.Invalid([new Fault("", detail, code)]));

    private static JobBatch Refused(Refusal refusal) => new([], _ => "", refusal);
}
