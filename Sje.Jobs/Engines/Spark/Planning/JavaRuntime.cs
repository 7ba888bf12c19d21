using System.Text.RegularExpressions;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Planning;

/// <summary>
/// The Java that would run a Spark of this machine, looked at without starting it: every JDK and JRE says its version in its file
/// <c>release</c>.
/// </summary>
internal static partial class JavaRuntime
{
    // Documentation of Spark, "Downloading": since 4.0 Java 17 is the oldest; before, 8.
    private const int LeastOfSpark4 = 17;
    private const int LeastBefore = 8;

    /// <summary>Why a Spark cannot be started here, as a sentence; null where nothing is known against it.</summary>
    public static string? Fault(SparkInstallation spark)
    {
        var wanted = spark.JavaHome ?? Environment.GetEnvironmentVariable("JAVA_HOME");
        string program;
        if (wanted is { Length: > 0 })
        {
            program = Path.Combine(wanted, "bin", "java");
            if (!File.Exists(program))
            {
                return $"Spark '{spark.Name}' of this worker has no Java: there is no bin/java in {wanted} ({(spark.JavaHome is null ? "JAVA_HOME" : $"spark.installations.{spark.Name}.javaHome")}).";
            }
        }
        else if (OfPath() is { } found)
        {
            program = found;
        }
        else
        {
            return $"Spark '{spark.Name}' of this worker has no Java: there is no java in the path, and neither spark.installations.{spark.Name}.javaHome nor JAVA_HOME is set.";
        }

        var least = spark.Version is { Major: >= 4 } ? LeastOfSpark4 : LeastBefore;
        return VersionOf(program) is { } version && version < least
            ? $"Spark '{spark.Name}' ({spark.Version?.ToString() ?? "of unknown version"}) of this worker needs Java {least} or newer, and {program} is Java {version}. Say another one in spark.installations.{spark.Name}.javaHome."
            : null;
    }

    /// <summary>The major version of a Java by its program's path (8, 11, 17); null where it does not say.</summary>
    public static int? VersionOf(string program)
    {
        try
        {
            var real = File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program;
            var home = Path.GetDirectoryName(Path.GetDirectoryName(real));
            // A JRE inside an old JDK has its own folder, below that of the JDK.
            foreach (var folder in new[] { home, Path.GetDirectoryName(home) }.OfType<string>())
            {
                var release = Path.Combine(folder, "release");
                if (File.Exists(release) && Release().Match(File.ReadAllText(release)) is { Success: true } match)
                {
                    // 1.8.0_392 is Java 8.
                    var (first, second) = (match.Groups["first"].Value, match.Groups["second"].Value);
                    return int.Parse(
                        first == "1" && second.Length > 0 ? second : first,
                        System.Globalization.CultureInfo.InvariantCulture
                    );
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then Spark itself has to find out.
        }

        return null;
    }

    private static string? OfPath() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, "java"))
            .FirstOrDefault(File.Exists);

    [GeneratedRegex(
        """^JAVA_VERSION="(?<first>[0-9]{1,3})(\.(?<second>[0-9]{1,3}))?""",
        RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Release();
}
