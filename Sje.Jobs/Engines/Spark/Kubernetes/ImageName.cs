using System.Text.RegularExpressions;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>The names that images can have (the grammar of <c>distribution/reference</c>).</summary>
internal static partial class ImageName
{
    public static bool IsWellFormed(string name) => name.Length <= 512 && Reference().IsMatch(name);

    [GeneratedRegex(
        @"\A(([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(:[0-9]+)?/)?"
            + @"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*"
            + @"(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(@[a-zA-Z][a-zA-Z0-9]*([+._-][a-zA-Z][a-zA-Z0-9]*)*:[0-9a-fA-F]{32,})?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        500
    )]
    private static partial Regex Reference();
}
