using System.Text.RegularExpressions;

namespace Sje.Core.Jobs;

/// <summary>
/// What may stand between <c>{{</c> and <c>}}</c>. The name of a task may hold dots and spaces, so it reaches to
/// <c>.outputs.</c>; everywhere else a dot separates.
/// </summary>
internal static partial class TemplatePath
{
    public const string Parameters = "parameters";
    public const string Execution = "execution";
    public const string Tasks = "tasks";

    private const string Outputs = ".outputs.";

    private const string Choices = "parameters.NAME, execution.id, execution.scheduledFor or tasks.NAME.outputs.NAME";

    /// <summary>What is wrong with a path, or null.</summary>
    public static string? Problem(string path)
    {
        if (path.Length == 0)
        {
            return $"'{{{{ }}}}' is empty; write {Choices} in it.";
        }

        if (
            path is "execution.id" or "execution.scheduledFor"
            || ParameterPath().IsMatch(path)
            || TaskOutputPath().IsMatch(path)
        )
        {
            return null;
        }

        return $"{Excerpt.Quote(path)} is no value that a job can refer to; there are {Choices}.";
    }

    /// <summary>The pieces of a path.</summary>
    public static string[] Split(string path)
    {
        const string prefix = Tasks + ".";
        var outputs = path.IndexOf(Outputs, StringComparison.Ordinal);
        return path.StartsWith(prefix, StringComparison.Ordinal) && outputs > prefix.Length
            ? [Tasks, path[prefix.Length..outputs], "outputs", .. path[(outputs + Outputs.Length)..].Split('.')]
            : path.Split('.');
    }

    [GeneratedRegex(@"^parameters\.[A-Za-z_][A-Za-z0-9_]*(\.[^.\s{}]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex ParameterPath();

    [GeneratedRegex(
        @"^tasks\.[\p{L}\p{Nd}][\p{L}\p{Nd}\-_. ]*?\.outputs(\.[^.\s{}]+)+$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex TaskOutputPath();
}
