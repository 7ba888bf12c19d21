using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sje.Core.Jobs;

/// <summary>
/// Reports a YAML text to a <see cref="TreeBuilder"/>. From the parser's events, not its object model: that would expand aliases and
/// recurse before anybody could count.
/// </summary>
internal static class YamlSource
{
    public static void Read(string text, TreeBuilder builder)
    {
        var scanner = new Scanner(new StringReader(text));
        var parser = new Parser(scanner);
        var documents = 0;
        while (!builder.IsBroken && Advance(parser, scanner, builder))
        {
            if (parser.Current is DocumentStart && ++documents > 1)
            {
                builder.Break(
                    FaultCodes.NotAllowedInYaml,
                    "A second document begins here; one text holds one.",
                    LineOf(parser.Current)
                );
            }
            else
            {
                Report(parser.Current!, builder);
            }
        }

        if (documents == 0 && !builder.IsBroken)
        {
            builder.Break(FaultCodes.Malformed, "The text is empty.", 1);
        }
    }

    /// <summary>
    /// Goes to the next event. For broken YAML the parser throws more than it says: InvalidOperationException from a plain scalar,
    /// ArgumentOutOfRangeException from an escape. Whatever it throws, the text is to blame, and only it runs in here.
    /// </summary>
    private static bool Advance(Parser parser, Scanner scanner, TreeBuilder builder)
    {
        try
        {
            return parser.MoveNext();
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            var place = problem is YamlException { Start: { Line: > 0 } start } ? start : scanner.CurrentPosition;
            var reason = problem is YamlException ? $": {Excerpt.Line(problem.Message).TrimEnd('.')}" : "";
            builder.Break(
                FaultCodes.Malformed,
                $"This is not YAML{reason} (line {place.Line}, column {place.Column}).",
                (int)Math.Max(1, place.Line)
            );
            return false;
        }
    }

    private static void Report(ParsingEvent found, TreeBuilder builder)
    {
        var line = LineOf(found);
        if (found is AnchorAlias || (found is NodeEvent { Anchor.IsEmpty: false }))
        {
            builder.Break(
                FaultCodes.NotAllowedInYaml,
                "Anchors (&name) and aliases (*name) are not allowed; write the value out.",
                line
            );
            return;
        }

        if (found is NodeEvent node && !IsAllowed(node))
        {
            builder.Break(
                FaultCodes.NotAllowedInYaml,
                $"The tag {Excerpt.Quote(node.Tag.Value)} is not allowed; only !!str is.",
                line
            );
            return;
        }

        if (builder.WantsKey && found is (MappingStart or SequenceStart))
        {
            builder.Break(FaultCodes.NotAllowedInYaml, "A key must be a plain text, not an object or a list.", line);
            return;
        }

        switch (found)
        {
            case MappingStart:
                builder.Begin(new JsonObject(), line);
                break;
            case SequenceStart:
                builder.Begin(new JsonArray(), line);
                break;
            case MappingEnd or SequenceEnd:
                builder.End();
                break;
            case Scalar scalar when builder.WantsKey:
                builder.Key(scalar.Value, line);
                break;
            case Scalar scalar:
                YamlScalar.Report(scalar, builder, line);
                break;
            default:
                // Beginnings and ends of stream and document carry nothing.
                break;
        }
    }

    private static bool IsAllowed(NodeEvent node) =>
        node.Tag.IsEmpty || (node is Scalar && (node.Tag.IsNonSpecific || node.Tag.Value == YamlScalar.TextTag));

    private static int LineOf(ParsingEvent found) => (int)found.Start.Line;
}
