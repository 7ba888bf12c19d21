using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>
/// One list of what an application needs, taken apart as Spark takes it: Python files and archives, Maven coordinates
/// (<c>group:artifact:version</c>) where the dialect has them, everything else a jar.
/// </summary>
internal static partial class SparkDependencies
{
    private static readonly string[] PythonEndings = [".py", ".zip", ".egg"];

    /// <summary>Adds <c>jars</c>, <c>pyFiles</c> and <c>packages</c> to settings that stand at <paramref name="ours"/>.</summary>
    public static void Add(
        JsonObject settings,
        string ours,
        PointerMap places,
        IReadOnlyList<string> written,
        Func<int, string> pointerOf,
        bool coordinates
    )
    {
        for (var index = 0; index < written.Count; index++)
        {
            var name =
                PythonEndings.Any(ending => written[index].EndsWith(ending, StringComparison.OrdinalIgnoreCase))
                    ? "pyFiles"
                : coordinates && Coordinates().IsMatch(written[index]) ? "packages"
                : "jars";
            var list = settings[name] as JsonArray ?? [];
            settings[name] = list;
            places.Add(Fault.At($"{ours}/{name}", list.Count), pointerOf(index));
            list.Add(written[index]);
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+:[A-Za-z0-9_.+-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Coordinates();
}
