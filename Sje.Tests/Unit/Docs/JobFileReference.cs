using System.Globalization;
using System.Text;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Components;
using Sje.Core.Pipelines.Expressions.Functions;
using Sje.Core.Reliability;
using Sje.Jobs.Engines;
using Sje.Tests.Support;

namespace Sje.Tests.Unit.Docs;

/// <summary>
/// The reference of the job file, made of what the readers ask for: jobs in which every object is there are read, and each field that is
/// looked for gets its row. What a field means stands in <c>job-file.fields.txt</c>, one line for each, no more and no fewer.
/// </summary>
internal static class JobFileReference
{
    // A name that the user chooses, in the probes and in the rows.
    private const string Name = "NAME";

    private static readonly string[] Common =
    [
        """{"name": "x", "priority": 1, "parameters": {"NAME": {"type": "int"}}, "retry": {"on": [{"policy": "none"}]}, "timeouts": {}, "resources": {}, "concurrency": {"max": 1, "key": "k", "limit": 1}, "schedule": {"cron": "@daily"}, "type": "noop", "jobType": "noop"}""",
        """{"name": "x", "priority": "high", "concurrency": {"max": 1}, "retry": {"on": [{"policy": "none", "class": ["network"], "exitCode": [1], "signal": ["SIGKILL"], "exception": ["X"]}]}, "type": "noop"}""",
        """{"name": "x", "tasks": [{"name": "a", "type": "noop", "jobType": "noop", "retry": {"on": [{"policy": "none"}]}, "timeouts": {}, "resources": {}, "concurrency": {"key": "k", "limit": 1}}]}""",
    ];

    private static readonly Dictionary<string, string[]> Probes = new()
    {
        ["process"] = ["""{"command": "x", "env": {"NAME": "x"}}""", """{"command": ["x"]}"""],
        ["http"] =
        [
            """{"url": "http://x", "headers": {"NAME": "x"}, "expect": {"status": 200, "jsonPath": "$"}}""",
            """{"url": "http://x", "expect": {"status": ["2xx"], "jsonPath": ["$"]}}""",
        ],
        ["sql"] = ["""{"connection": "x", "statement": "x", "parameters": {}}"""],
        ["spark"] =
        [
            """{"application": "x", "cluster": "x", "driver": {}, "executor": {}, "dynamicAllocation": {}, "sparkConf": {}, "environment": {}, "kubernetes": {"tolerations": [{}]}}""",
            """{"sql": "x", "cluster": {"driver": {}, "executor": {}, "dynamicAllocation": {}}}""",
        ],
        ["noop"] = ["{}"],
    };

    public static string Write()
    {
        var meanings = Meanings();
        var page = new StringBuilder(
            """
            # The job file, field by field

            Made from the readers that check job files (`Sje.Tests/Unit/Docs/JobFileReference.cs`); do not edit. [Jobs](../guide/jobs.md) explains the same with examples,
            [pipelines](pipelines.md) and [expressions](expressions.md) say what components and functions do. A field that is not here is refused; names of fields,
            types and words are written as here, capitals too. **Bold** is required. NAME stands for a name of yours.

            A *length of time* is `500ms`, `90s`, `1h30m`, `2d`; an *amount of memory* `512MiB`, `2g`, `2GB`, or a number of bytes.


            """
        );
        var types = BuiltInEngines.Types().Names;
        // The settings of a type have a table of their own.
        var common = Common.SelectMany(Ask).Where(field => !types.Contains(field.Name)).ToList();
        foreach (
            var (heading, pointer) in new[]
            {
                ("A job", ""),
                ("`parameters`", "/parameters/NAME"),
                ("A task of `tasks`", "/tasks/0"),
                ("`retry`", "/retry"),
                ("A rule of `retry.on`", "/retry/on/0"),
                ("`timeouts`", "/timeouts"),
                ("`resources`", "/resources"),
                ("`concurrency`", "/concurrency"),
                ("`schedule`", "/schedule"),
            }
        )
        {
            Table(page, heading, common.Where(field => field.Pointer == pointer), meanings);
        }

        foreach (var type in BuiltInEngines.Types().Names.Where(type => type != "pipeline"))
        {
            var asked = Probes[type]
                .SelectMany(settings => Ask($"{{\"type\": \"{type}\", \"{type}\": {settings}}}"))
                .Where(field => field.Pointer.StartsWith("/" + type, StringComparison.Ordinal))
                .ToList();
            Table(page, $"Type `{type}`", asked, meanings);
        }

        Components(page);
        Functions(page);
        if (meanings.Count > 0)
        {
            throw new InvalidOperationException(
                $"job-file.fields.txt explains what no reader asks for: {string.Join(", ", meanings.Keys)}"
            );
        }

        return page.ToString();
    }

    private static List<AskedField> Ask(string job)
    {
        using var log = FieldLog.Start();
        new JobReader(BuiltInEngines.Types()).Read(Encoding.UTF8.GetBytes(job));
        return [.. log.Fields];
    }

    private static void Table(
        StringBuilder page,
        string heading,
        IEnumerable<AskedField> asked,
        Dictionary<string, string> meanings
    )
    {
        page.Append(CultureInfo.InvariantCulture, $"## {heading}\n\n| field | form | meaning |\n| --- | --- | --- |\n");
        var toCome = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var same in asked.GroupBy(field => PathOf(field)).ToList())
        {
            var path = same.Key;
            if (same.Any(field => field.IsToCome) || path.Split('.')[^1] == Name)
            {
                toCome.UnionWith(same.Where(field => field.IsToCome).Select(field => $"`{field.Name}`"));
                continue;
            }

            if (!meanings.Remove(path, out var meaning))
            {
                throw new InvalidOperationException($"job-file.fields.txt does not say what {path} means.");
            }

            var written = heading.Contains("Type", StringComparison.Ordinal)
                ? path[(path.IndexOf('.', StringComparison.Ordinal) + 1)..]
                : same.First().Name;
            var forms = same.SelectMany(field => field.Forms).Distinct().Order(StringComparer.Ordinal).ToList();
            var name = $"`{written}`";
            page.Append(
                CultureInfo.InvariantCulture,
                $"| {(same.All(field => field.IsRequired) ? $"**{name}**" : name)} | {(forms.Count == 0 ? "any" : string.Join(", or ", forms))} | {meaning} |\n"
            );
        }

        page.Append('\n');
        if (toCome.Count > 0)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"Refused, since nothing is built yet that they could mean: {string.Join(", ", toCome)}.\n\n"
            );
        }
    }

    private static string PathOf(AskedField field)
    {
        var owner = field
            .Pointer.Replace("/tasks/0", "/task", StringComparison.Ordinal)
            .Replace("/on/0", "/on", StringComparison.Ordinal)
            .Trim('/')
            .Replace('/', '.');
        return owner.Length == 0 ? field.Name : $"{owner}.{field.Name}";
    }

    private static void Components(StringBuilder page)
    {
        page.Append(
            """
            ## Type `pipeline`

            `nodes`, a list of `{id, type, params, inputs}` ([nodes](pipelines.md#nodes)), and `spark`, an object of [settings of Spark](#type-spark) without what it runs. The components:


            """
        );
        foreach (var type in ComponentCatalogue.Types)
        {
            var component = ComponentCatalogue.Find(type)!; // the catalogue knows its own types
            var ports = component.Ports switch
            {
                null => "two ports or more, named by you",
                [] => "no input",
                { } names => string.Join(", ", names.Select(port => $"`{port}`")),
            };
            page.Append(
                CultureInfo.InvariantCulture,
                $"### `{type}`\n\nInputs: {ports}.\n\n| parameter | form | words |\n| --- | --- | --- |\n"
            );
            foreach (var parameter in component.Parameters)
            {
                Row(page, parameter, "");
                foreach (var field in parameter.Fields ?? [])
                {
                    Row(page, field, parameter.Name + "[].");
                }
            }

            page.Append('\n');
        }
    }

    private static void Row(StringBuilder page, ParameterSpec parameter, string owner)
    {
        var name = $"`{owner}{parameter.Name}`";
        var form = parameter.Kind switch
        {
            ParameterKind.Text => "text",
            ParameterKind.Integer => "whole number",
            ParameterKind.Boolean => "true or false",
            ParameterKind.Expression => "expression",
            ParameterKind.Column => "name of a column",
            ParameterKind.Names => "list of names",
            ParameterKind.List => "list of objects",
            ParameterKind.Map => "object",
            _ => "text, number, true, false or null",
        };
        var words = string.Join(", ", (parameter.Choices ?? []).Select(word => $"`{word}`"));
        page.Append(
            CultureInfo.InvariantCulture,
            $"| {(parameter.Required ? $"**{name}**" : name)} | {form} | {words} |\n"
        );
    }

    private static void Functions(StringBuilder page)
    {
        page.Append(
            """
            ## Functions

            `=` marks an argument that must be a literal, `...` one that may repeat. `int`, `number`, `decimal` and `struct` stand for any type of the kind, a capital letter for one type that its uses widen to, `(T:U)` for a
            function `x -> ...`. [Expressions](expressions.md) says what they do.

            | function | where | takes -> gives |
            | --- | --- | --- |

            """
        );
        foreach (var name in FunctionCatalogue.Names.Order(StringComparer.Ordinal))
        {
            var functions = new[] { FunctionCatalogue.Find(name), FunctionCatalogue.FindAggregate(name) }
                .OfType<Function>()
                .DistinctBy(function => function.Kind);
            foreach (var function in functions)
            {
                var forms = function.Overloads.Select(overload =>
                    $"`{overload.Signature.Text.Trim().Replace("|", "\\|", StringComparison.Ordinal)}`"
                );
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"| `{name}` | {function.Kind.ToString().ToLowerInvariant()} | {string.Join("; ", forms.Distinct())} |\n"
                );
            }
        }
    }

    private static Dictionary<string, string> Meanings() =>
        File.ReadLines(RepositoryFiles.Path("Sje.Tests", "Unit", "Docs", "job-file.fields.txt"))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(" | ", 2))
            .ToDictionary(
                parts => parts[0],
                parts =>
                    parts[1]
                        .Replace("{priorities}", Words(Priorities.Words), StringComparison.Ordinal)
                        .Replace("{policies}", Words(RetryPolicies.BuiltIn.Names), StringComparison.Ordinal)
                        .Replace("{classes}", Words(FailureClasses.Names), StringComparison.Ordinal)
                        .Replace("{types}", Words(ParameterValue.Types), StringComparison.Ordinal)
                        .Replace("{taskTypes}", Words(BuiltInEngines.Types().Names), StringComparison.Ordinal)
            );

    private static string Words(IEnumerable<string> words) => string.Join(", ", words.Select(word => $"`{word}`"));
}
