using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sje.Tests.Support;

namespace Sje.Tests.Unit.Docs;

/// <summary>The reference of the API, made of the OpenAPI document that the server serves (its committed copy).</summary>
internal static class ApiReference
{
    private static readonly string[] Methods = ["get", "post", "put", "patch", "delete"];

    private static readonly JsonObject Document = JsonNode
        .Parse(File.ReadAllText(RepositoryFiles.Path("Sje.Web", "ClientApp", "tools", "types", "openapi.json")))!
        .AsObject();

    public static string Write()
    {
        var page = new StringBuilder(
            """
            # The API, call by call

            Made from the OpenAPI document (`Sje.Tests/Unit/Docs/ApiReference.cs`), which a server gives at `/openapi/v1.json` and shows at `/docs`; do not edit. [The API](api.md) explains it: errors, paging, live
            events, states. Every call may also answer 401, 403 and 503 with a problem document.


            """
        );
        var calls = Document["paths"]!
            .AsObject()
            .SelectMany(path =>
                Methods
                    .Where(method => path.Value![method] is not null)
                    .Select(method => (Path: path.Key, Method: method, Call: path.Value![method]!.AsObject()))
            )
            .GroupBy(call => (string?)call.Call["tags"]?[0] ?? "Other")
            .OrderBy(group => group.Key, StringComparer.Ordinal);
        var shapes = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var group in calls)
        {
            page.Append(CultureInfo.InvariantCulture, $"## {group.Key}\n\n");
            foreach (var (path, method, call) in group)
            {
                Call(page, path, method, call, shapes);
            }
        }

        page.Append("## Shapes\n\n");
        foreach (var name in Reachable(shapes))
        {
            Shape(page, name);
        }

        return page.ToString();
    }

    private static void Call(StringBuilder page, string path, string method, JsonObject call, SortedSet<string> shapes)
    {
        page.Append(
            CultureInfo.InvariantCulture,
            $"### `{method.ToUpperInvariant()} {path}`\n\n{Line(call["summary"])}."
        );
        if (call["description"] is { } description)
        {
            page.Append(CultureInfo.InvariantCulture, $" {Line(description)}.");
        }

        page.Append("\n\n");
        if (call["parameters"] is JsonArray { Count: > 0 } parameters)
        {
            page.Append("| parameter | in | form | meaning |\n| --- | --- | --- | --- |\n");
            foreach (var parameter in parameters.Select(Resolved))
            {
                var name = $"`{parameter["name"]}`";
                var required = (bool?)parameter["required"] == true ? $"**{name}**" : name;
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"| {required} | {parameter["in"]} | {Form(parameter["schema"], shapes)} | {Line(parameter["description"])} |\n"
                );
            }

            page.Append('\n');
        }

        if (call["requestBody"]?["content"] is JsonObject content)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"Body: {string.Join("; ", content.Select(media => $"{Form(media.Value?["schema"], shapes)} (`{media.Key}`)"))}.\n\n"
            );
        }

        foreach (var (code, answer) in call["responses"]!.AsObject())
        {
            if (code is "401" or "403" or "503")
            {
                continue;
            }

            var forms = (answer!["content"] as JsonObject ?? [])
                .Select(media => Form(media.Value?["schema"], shapes))
                .Distinct()
                .ToList();
            page.Append(
                CultureInfo.InvariantCulture,
                $"- {code}: {(forms.Count == 0 ? "" : string.Join(" or ", forms) + ". ")}{Line(answer["description"])}\n"
            );
        }

        page.Append('\n');
    }

    private static void Shape(StringBuilder page, string name)
    {
        var schema = Document["components"]!["schemas"]![name]!.AsObject();
        page.Append(CultureInfo.InvariantCulture, $"### {name}\n\n");
        if (schema["description"] is { } description)
        {
            page.Append(CultureInfo.InvariantCulture, $"{Line(description)}\n\n");
        }

        if (schema["enum"] is JsonArray words)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"One of {string.Join(", ", words.Select(word => $"`{word}`"))}.\n\n"
            );
        }
        else if (schema["properties"] is JsonObject properties)
        {
            page.Append("| field | form | meaning |\n| --- | --- | --- |\n");
            foreach (var (field, value) in properties)
            {
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"| `{field}` | {Form(value, [])} | {Line(value?["description"])} |\n"
                );
            }

            page.Append('\n');
        }
        else
        {
            page.Append(CultureInfo.InvariantCulture, $"{Form(schema, [])}\n\n");
        }
    }

    /// <summary>The shapes that calls name, and those that these name.</summary>
    private static SortedSet<string> Reachable(SortedSet<string> named)
    {
        var all = new SortedSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>(named);
        while (open.TryDequeue(out var name))
        {
            if (all.Add(name))
            {
                var more = new SortedSet<string>(StringComparer.Ordinal);
                Collect(Document["components"]!["schemas"]![name], more);
                foreach (var next in more)
                {
                    open.Enqueue(next);
                }
            }
        }

        return all;
    }

    private static void Collect(JsonNode? node, SortedSet<string> names)
    {
        switch (node)
        {
            case JsonObject map:
                if (map["$ref"] is { } reference)
                {
                    names.Add(NameOf(reference));
                }

                foreach (var (_, value) in map)
                {
                    Collect(value, names);
                }

                break;
            case JsonArray list:
                foreach (var item in list)
                {
                    Collect(item, names);
                }

                break;
            default:
                break;
        }
    }

    private static string Form(JsonNode? schema, SortedSet<string> shapes)
    {
        Collect(schema, shapes);
        return schema switch
        {
            null => "any",
            JsonObject map when map["$ref"] is { } reference =>
                $"[{NameOf(reference)}](#{NameOf(reference).ToLowerInvariant()})",
            JsonObject map when (map["oneOf"] ?? map["anyOf"]) is JsonArray choices => string.Join(
                " or ",
                choices.Select(choice => Form(choice, shapes)).Where(form => form != "null").Distinct()
            ),
            JsonObject map when map["enum"] is JsonArray words => string.Join(
                ", ",
                words.Where(word => word is not null).Select(word => $"`{word}`")
            ),
            JsonObject map => Plain(map, shapes),
            _ => "any",
        };
    }

    private static string Plain(JsonObject schema, SortedSet<string> shapes)
    {
        var types = schema["type"] switch
        {
            JsonArray list => list.Select(type => type!.ToString()).ToList(),
            { } one => [one.ToString()],
            null => [],
        };
        var format = schema["format"] is { } given ? $" ({given})" : "";
        // Numbers may be given as texts, which is of no interest here.
        var words = types
            .Where(type =>
                type != "null" && !(type == "string" && types.Count > 1 && types.Any(t => t is "integer" or "number"))
            )
            .Select(type =>
                type switch
                {
                    "array" => $"list of {Form(schema["items"], shapes)}",
                    "object" when schema["additionalProperties"] is JsonObject values =>
                        $"object of {Form(values, shapes)}",
                    _ => type + format,
                }
            )
            .ToList();
        return words.Count == 0 ? "any" : string.Join(" or ", words) + (types.Contains("null") ? " or null" : "");
    }

    private static JsonObject Resolved(JsonNode? node)
    {
        var map = node!.AsObject();
        return map["$ref"] is { } reference
            ? Document["components"]!["parameters"]![NameOf(reference)]!.AsObject()
            : map;
    }

    private static string NameOf(JsonNode reference) =>
        reference.ToString()[(reference.ToString().LastIndexOf('/') + 1)..];

    private static string Line(JsonNode? text) =>
        (text?.ToString() ?? "")
            .ReplaceLineEndings(" ")
            .Replace("|", "\\|", StringComparison.Ordinal)
            .TrimEnd('.', ' ');
}
