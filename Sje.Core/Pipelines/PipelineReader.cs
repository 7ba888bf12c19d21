using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Components;
using Sje.Core.Pipelines.Ir;

namespace Sje.Core.Pipelines;

/// <summary>
/// Reads the settings object of a pipeline task, <c>{nodes: [...], spark: {...}}</c>, and checks everything that can be told without schemas:
/// components, parameters, wiring. All faults are reported, not the first.
/// </summary>
public static partial class PipelineReader
{
    private const int MaxNodes = 1_000;

    private static readonly string[] PipelineFields = ["nodes", "spark"];

    private static readonly string[] NodeFields = ["id", "type", "params", "inputs", "onFail"];

    /// <summary>The pipeline, or null when there are faults. <paramref name="pointer"/> is where the settings stand in the document.</summary>
    public static Pipeline? Read(JsonObject settings, string pointer, ICollection<Fault> faults)
    {
        var found = new List<Fault>();
        var pipeline = Read(settings, pointer, found);
        foreach (var fault in found)
        {
            faults.Add(fault);
        }

        return found.Count == 0 ? pipeline : null;
    }

    private static Pipeline? Read(JsonObject settings, string pointer, List<Fault> faults)
    {
        foreach (var (name, _) in settings.Where(p => !PipelineFields.Contains(p.Key)))
        {
            faults.Add(
                new Fault(
                    Fault.At(pointer, name),
                    $"a pipeline has no field {name}.{NearName.Hint(name, PipelineFields)} It has nodes and spark",
                    FaultCodes.UnknownField
                )
            );
        }

        Spark(settings["spark"], Fault.At(pointer, "spark"), faults);
        var list = Fault.At(pointer, "nodes");
        if (settings["nodes"] is not JsonArray { Count: > 0 } nodes)
        {
            faults.Add(new Fault(list, "nodes must be a list of at least one node", FaultCodes.Required));
            return null;
        }

        if (nodes.Count > MaxNodes)
        {
            faults.Add(
                new Fault(
                    list,
                    $"a pipeline has at most {MaxNodes} nodes, this one {nodes.Count}",
                    FaultCodes.OutOfRange
                )
            );
            return null;
        }

        var read = nodes.Select((n, i) => Node(n, Fault.At(list, i), faults)).OfType<PipelineNode>().ToList();
        foreach (var twice in read.GroupBy(n => n.Id, StringComparer.OrdinalIgnoreCase).SelectMany(g => g.Skip(1)))
        {
            faults.Add(
                new Fault(
                    Fault.At(twice.Pointer, "id"),
                    $"another node is named {twice.Id} (names are compared without case)",
                    FaultCodes.DuplicateName
                )
            );
        }

        return Wiring.Order(read, nodes.Count == read.Count, list, faults) is { } ordered
            ? new Pipeline(ordered)
            : null;
    }

    private static void Spark(JsonNode? written, string pointer, List<Fault> faults)
    {
        if (written is JsonObject spark)
        {
            faults.AddRange(SparkTaskType.ValidateSetup(spark, pointer));
        }
        else if (written is not null)
        {
            faults.Add(new Fault(pointer, "spark is an object of settings for Spark", FaultCodes.WrongType));
        }
    }

    private static PipelineNode? Node(JsonNode? written, string pointer, List<Fault> faults)
    {
        if (written is not JsonObject node)
        {
            faults.Add(new Fault(pointer, "a node is an object {id, type, params, inputs}", FaultCodes.WrongType));
            return null;
        }

        foreach (var (name, _) in node.Where(p => !NodeFields.Contains(p.Key)))
        {
            faults.Add(
                new Fault(
                    Fault.At(pointer, name),
                    $"a node has no field {name}.{NearName.Hint(name, NodeFields)} It has {string.Join(", ", NodeFields)}",
                    FaultCodes.UnknownField
                )
            );
        }

        if (node["onFail"] is not null)
        {
            faults.Add(
                new Fault(
                    Fault.At(pointer, "onFail"),
                    "onFail goes with checks, which are not built yet",
                    FaultCodes.NotSupportedYet
                )
            );
        }

        var id = Text(node, "id", pointer, faults);
        var type = Text(node, "type", pointer, faults);
        if (id is not null && !IdPattern().IsMatch(id))
        {
            faults.Add(
                new Fault(
                    Fault.At(pointer, "id"),
                    $"\"{id}\" is no node id: 1-100 letters, digits, _ and -, a letter or _ first",
                    FaultCodes.InvalidValue
                )
            );
            id = null;
        }

        if (node["params"] is not (null or JsonObject))
        {
            faults.Add(new Fault(Fault.At(pointer, "params"), "params is an object", FaultCodes.WrongType));
            return null;
        }

        if (id is null || type is null)
        {
            return null;
        }

        if (ComponentCatalogue.Find(type) is not { } component)
        {
            faults.Add(
                new Fault(
                    Fault.At(pointer, "type"),
                    $"node {id}: there is no component {type}.{NearName.Hint(type, ComponentCatalogue.Types)} There are {string.Join(", ", ComponentCatalogue.Types)}",
                    "unknown_component"
                )
            );
            return null;
        }

        var result = new PipelineNode
        {
            Id = id,
            Type = type,
            Params = node["params"] as JsonObject ?? [],
            Inputs = Wiring.Inputs(id, component, node["inputs"], Fault.At(pointer, "inputs"), faults),
            Pointer = pointer,
        };
        ParameterCheck.Check(result, component, faults);
        return result;
    }

    private static string? Text(JsonObject node, string name, string pointer, List<Fault> faults)
    {
        if (node[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0)
        {
            return text;
        }

        faults.Add(
            new Fault(
                Fault.At(pointer, name),
                $"{name} must be text",
                node[name] is null ? FaultCodes.Required : FaultCodes.WrongType
            )
        );
        return null;
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_-]{0,99}$")]
    private static partial Regex IdPattern();
}
