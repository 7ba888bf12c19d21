using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Ir;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Components;

/// <summary>
/// What a component sees of its node: parameters whose JSON has been checked against the specification, the relations at its
/// ports, and a place for faults. Faults found here point at node, field and column.
/// </summary>
internal sealed class NodeContext(
    PipelineNode node,
    IReadOnlyList<Relation> inputs,
    TemplateValues templates,
    Schema? source,
    List<Fault> faults
)
{
    private readonly int faultsBefore = faults.Count;

    public PipelineNode Node => node;

    public TemplateValues Templates => templates;

    /// <summary>The relations at the ports, in the order of the node's inputs.</summary>
    public IReadOnlyList<Relation> Inputs => inputs;

    public Relation Input => inputs[0];

    /// <summary>For a source without declared columns: what the engine found in its files, or null while nobody has looked.</summary>
    public Schema? SourceSchema => source;

    public bool HasFaults => faults.Count > faultsBefore;

    public string Pointer(params ReadOnlySpan<string> path)
    {
        var pointer = Jobs.Fault.At(node.Pointer, "params");
        foreach (var part in path)
        {
            pointer = Jobs.Fault.At(pointer, part);
        }

        return pointer;
    }

    public void Fault(string pointer, string detail, string code = FaultCodes.InvalidValue) =>
        faults.Add(new Fault(pointer, $"node {node.Id}: {detail}", code));

    public string? Text(string name) => node.Params[name]?.GetValue<string>();

    public string Text(string name, string otherwise) => Text(name) ?? otherwise;

    public bool Flag(string name, bool otherwise) => node.Params[name]?.GetValue<bool>() ?? otherwise;

    public long? Integer(string name) => node.Params[name] is { } value ? JsonNumbers.Whole(value) : null;

    public IReadOnlyList<string> Names(string name) =>
        node.Params[name] is JsonArray array ? [.. array.Select(n => n!.GetValue<string>())] : []; // checked to be texts

    public JsonArray List(string name) => node.Params[name] as JsonArray ?? [];

    public JsonObject Map(string name) => node.Params[name] as JsonObject ?? [];

    /// <summary>The column of a relation, or null and a fault.</summary>
    public Column? Column(Relation relation, string name, string pointer)
    {
        var column = relation.Schema.Find(name);
        if (column is null)
        {
            var names = relation.Schema.Columns.Select(c => c.Name).ToList();
            Fault(
                pointer,
                $"no column {name}.{NearName.Hint(name, names)} There are {string.Join(", ", names.Take(20))}",
                "unknown_column"
            );
        }

        return column;
    }

    /// <summary>The checked expression, or null and a fault.</summary>
    public Typed? Expression(
        string text,
        Relation relation,
        string pointer,
        Allowed allowed = Allowed.Scalars,
        DataType? asked = null
    ) => Expression(text, ExpressionScope.Of(relation.Schema, templates), pointer, allowed, asked);

    /// <summary>The checked expression, or null and a fault.</summary>
    public Typed? Expression(
        string text,
        ExpressionScope scope,
        string pointer,
        Allowed allowed = Allowed.Scalars,
        DataType? asked = null
    ) => Accept(ExpressionCompiler.Compile(text, scope, allowed, asked), pointer);

    /// <summary>The grammar of an expression that becomes part of a larger one, or null and a fault.</summary>
    public Syntax? Parse(string text, string pointer)
    {
        var (syntax, fault) = ExpressionCompiler.Parse(text);
        if (fault is not null)
        {
            Fault(pointer, fault.ToString(), fault.Code);
        }

        return syntax;
    }

    /// <summary>An expression that the component itself makes of the user's columns.</summary>
    public Typed? Build(Syntax syntax, ExpressionScope scope, string pointer, Allowed allowed = Allowed.Scalars) =>
        Accept(ExpressionCompiler.Compile(syntax, scope, allowed), pointer, withPlace: false);

    /// <summary>Faults when two columns have one name.</summary>
    public Relation? Unique(Relation relation, string pointer)
    {
        if (relation.Schema.Duplicate() is not { } twice)
        {
            return HasFaults ? null : relation;
        }

        Fault(pointer, $"two columns would be named {twice} (names are compared without case)", "duplicate_column");
        return null;
    }

    private Typed? Accept(ExpressionResult result, string pointer, bool withPlace = true)
    {
        if (result.Fault is { } fault)
        {
            Fault(pointer, withPlace ? fault.ToString() : fault.Message, fault.Code);
        }

        return result.Value;
    }
}
