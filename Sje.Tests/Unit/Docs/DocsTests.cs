using System.Text.RegularExpressions;
using Sje.Core.Pipelines.Components;
using Sje.Core.Pipelines.Expressions.Functions;
using Sje.Jobs.Engines;
using Sje.Jobs.Faults;
using Sje.Jobs.Observability;
using Sje.Tests.Support;
using Sje.Web.Api.Problems;
using Sje.Web.Cli;
using Sje.Web.Failures;
using Sje.Web.Hosting;

namespace Sje.Tests.Unit.Docs;

/// <summary>What the documentation must name, taken from the code; and that its links lead somewhere.</summary>
public partial class DocsTests
{
    [Fact]
    public void Every_setting_stands_in_the_configuration_reference()
    {
        var text = Read("docs", "reference", "configuration.md");
        var keys = SjeApplication.Shape.Sections.SelectMany(section =>
            SettingsShape.EntryType(section.Value) is { } entry
                // What the user names stands there as NAME.
                ? KeysOf($"{section.Key}:NAME", entry)
                : KeysOf(section.Key, section.Value)
        );
        NoneOf(Missing(text, [.. keys, "ConnectionStrings:Sje"]));
    }

    [Fact]
    public void The_configuration_reference_names_no_setting_that_is_not_there()
    {
        var shape = SjeApplication.Shape;
        var named = SettingRow()
            .Matches(Read("docs", "reference", "configuration.md"))
            .Select(row => row.Groups[1].Value)
            .Where(key => shape.Sections.ContainsKey(key.Split(':')[0]));
        NoneOf(named.Where(key => shape.Find(key) is null && shape.BytesKey(key) is null));
    }

    [Fact]
    public void Every_verb_stands_in_the_reference_of_the_command_line()
    {
        var text = Read("docs", "reference", "cli.md");
        var verbs = CommandTree.Create().Subcommands.Where(verb => !verb.Hidden).ToList();
        var below = verbs.SelectMany(verb => verb.Subcommands.Select(word => $"sje {verb.Name} {word.Name}"));
        Assert.NotEmpty(verbs);
        NoneOf(
            verbs
                .Where(verb => verb.Subcommands.Count == 0 || verb.Action is not null)
                .Select(verb => $"sje {verb.Name}")
                .Concat(below)
                .Where(words => !Regex.IsMatch(text, $"`{Regex.Escape(words)}[` ]"))
        );
    }

    [Fact]
    public void Every_option_stands_in_the_reference_of_the_command_line()
    {
        var text = Read("docs", "reference", "cli.md");
        var root = CommandTree.Create();
        var options = root
            .Subcommands.SelectMany(verb => verb.Subcommands.Append(verb))
            .Where(verb => !verb.Hidden)
            .SelectMany(verb => verb.Options)
            .Select(option => option.Name)
            .Where(name => name is not ("--help" or "--version"))
            .Distinct();
        NoneOf(options.Where(option => !Regex.IsMatch(text, $@"[` ]{Regex.Escape(option)}[` ]")));
    }

    [Fact]
    public void Every_exit_code_stands_in_the_reference_of_the_command_line()
    {
        var text = Read("docs", "reference", "cli.md");
        var codes = typeof(ExitCodes).GetFields().Select(field => (int)field.GetRawConstantValue()!); // constants have values
        NoneOf(
            codes.Where(code => !text.Contains($"\n| {code} |", StringComparison.Ordinal)).Select(code => $"{code}")
        );
    }

    [Fact]
    public void Every_component_has_its_heading_in_the_reference_of_pipelines()
    {
        var text = Read("docs", "reference", "pipelines.md");
        var headings = text.Split('\n')
            .Where(line => line.StartsWith('#'))
            .SelectMany(line => Code().Matches(line))
            .Select(code => code.Groups[1].Value)
            .ToList();
        Assert.Equal(ComponentCatalogue.Types.Order(StringComparer.Ordinal), headings.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_parameter_of_a_component_stands_in_the_reference_of_pipelines()
    {
        var text = Read("docs", "reference", "pipelines.md");
        var names = ComponentCatalogue
            .Types.SelectMany(type => ComponentCatalogue.Find(type)!.Parameters) // the catalogue knows its own types
            .SelectMany(parameter => (parameter.Choices ?? []).Append(parameter.Name))
            .Distinct();
        NoneOf(names.Where(name => !Code().Matches(text).Any(code => Word(name).IsMatch(code.Groups[1].Value))));
    }

    [Fact]
    public void Every_function_stands_in_the_reference_of_expressions()
    {
        var codes = string.Join(
            '\n',
            Code().Matches(Read("docs", "reference", "expressions.md")).Select(code => code.Groups[1].Value)
        );
        NoneOf(FunctionCatalogue.Names.Where(name => !Word(name).IsMatch(codes)));
    }

    [Fact]
    public void Every_task_type_has_its_heading_in_the_guide_to_jobs()
    {
        var text = Read("docs", "guide", "jobs.md");
        NoneOf(
            BuiltInEngines.Types().Names.Where(type => !text.Contains($"\n## `{type}`\n", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void Every_kind_of_problem_stands_in_the_reference_of_the_API()
    {
        var kinds = typeof(ProblemKind)
            .GetFields()
            .Where(field => field.FieldType == typeof(ProblemKind))
            .Select(field => (ProblemKind)field.GetValue(null)!); // static and set
        var text = Read("docs", "reference", "api.md");
        NoneOf(
            kinds
                .Where(kind => !text.Contains($"| `{kind.Type}` | {kind.Status} |", StringComparison.Ordinal))
                .Select(kind => kind.Name)
        );
    }

    [Fact]
    public void Every_figure_stands_in_the_reference_of_metrics_as_it_is_and_no_other()
    {
        var told = MetricRow().Matches(Read("docs", "reference", "metrics.md")).Select(row => row.Value).ToList();
        var rows = MetricCatalogue.All.Select(info =>
            $"| `{info.Name}` | {info.Kind.ToString().ToLowerInvariant()} | {UnitOf(info)} | "
            + $"{(info.Labels.Count == 0 ? "-" : string.Join(", ", info.Labels.Select(label => $"`{label}`")))} | {info.Meaning} |"
        );
        Assert.Equal(rows.Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_crash_point_stands_in_the_page_for_contributors()
    {
        var text = Read("CONTRIBUTING.md");
        NoneOf(
            FaultPoint.All.Where(point =>
                !text.Contains($"`{point}`", StringComparison.Ordinal)
                && !(
                    text.Contains($"`STATE.{point.Split('.')[1]}`", StringComparison.Ordinal)
                    && text.Contains($"`{point.Split('.')[0]}`", StringComparison.Ordinal)
                )
            )
        );
    }

    [Fact]
    public void Every_relative_link_leads_somewhere()
    {
        var broken = new List<string>();
        var count = 0;
        foreach (var file in Documents())
        {
            foreach (Match link in Link().Matches(File.ReadAllText(file)))
            {
                var parts = link.Groups[1].Value.Split('#');
                if (parts[0].Contains("://", StringComparison.Ordinal))
                {
                    continue;
                }

                count++;
                var target =
                    parts[0].Length == 0
                        ? file
                        : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, parts[0])); // files have folders
                if (!Path.Exists(target) || (parts.Length > 1 && !Headings(target).Contains(parts[1])))
                {
                    broken.Add($"{Path.GetRelativePath(RepositoryFiles.Root, file)}: {link.Groups[1].Value}");
                }
            }
        }

        Assert.True(count > 20, $"only {count} links were found");
        NoneOf(broken);
    }

    private static IEnumerable<string> KeysOf(string section, Type type) =>
        SettingsShape
            .Properties(type)
            // An array without a setter is worked out from a setting and is none.
            .Where(property => property.SetMethod is not null || !property.PropertyType.IsArray)
            .SelectMany(property =>
            {
                var key = $"{section}:{char.ToLowerInvariant(property.Name[0])}{property.Name[1..]}";
                // What the user names stands there as NAME.
                return SettingsShape.EntryType(property.PropertyType) is { } entry
                    ? IsGroup(entry)
                        ? KeysOf(key + ":NAME", entry)
                        : [key]
                    : IsGroup(property.PropertyType)
                        ? KeysOf(key, property.PropertyType)
                        : [key];
            });

    /// <summary>Whether a type holds settings of its own.</summary>
    private static bool IsGroup(Type type) =>
        type is { IsClass: true, IsArray: false }
        && type.Namespace?.StartsWith("Sje.", StringComparison.Ordinal) == true
        && !SettingsShape.IsList(type);

    /// <summary>Fails with every name that is left, not with the first.</summary>
    private static void NoneOf(IEnumerable<string> left) => Assert.Equal("", string.Join(", ", left));

    private static IEnumerable<string> Documents() =>
        Directory
            .EnumerateFiles(RepositoryFiles.Root, "*.md")
            .Concat(Directory.EnumerateFiles(RepositoryFiles.Path("docs"), "*.md", SearchOption.AllDirectories));

    /// <summary>The anchors that a reader of Markdown makes of headings.</summary>
    private static IEnumerable<string> Headings(string file) =>
        File.ReadLines(file)
            .Where(line => line.StartsWith('#'))
            .Select(line => NotInAnchor().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    private static IEnumerable<string> Missing(string text, IEnumerable<string> keys) =>
        keys.Where(key => !text.Contains($"`{key}`", StringComparison.Ordinal));

    private static string Read(params string[] path) => File.ReadAllText(RepositoryFiles.Path(path));

    private static string UnitOf(MetricInfo info) =>
        new[] { "seconds", "percent", "ratio", "bytes" }.FirstOrDefault(unit =>
            info.Name.EndsWith("_" + unit, StringComparison.Ordinal)
        ) ?? "-";

    private static Regex Word(string name) => new($@"(?<![\w.]){Regex.Escape(name)}(?!\w)");

    [GeneratedRegex(@"^\| `([a-zA-Z]+(?::[a-zA-Z]+)+)` \|", RegexOptions.Multiline)]
    private static partial Regex SettingRow();

    [GeneratedRegex(@"^\| `(?:sje|orchestrator|spark)_[a-z_]+` \|.*$", RegexOptions.Multiline)]
    private static partial Regex MetricRow();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\p{L}\p{N}\- _]")]
    private static partial Regex NotInAnchor();
}
