namespace Sje.Jobs.Execution;

/// <summary>
/// What children see of the worker's environment: a list of allowed names, so that no secret of the host (connection strings, keys)
/// gets into a task by being forgotten.
/// </summary>
internal static class CleanEnvironment
{
    private static readonly string[] Allowed = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"];

    /// <summary>A new map with the allowed variables that are set here.</summary>
    public static Dictionary<string, string> Of(ExecutionOptions options)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in Allowed.Concat(options.PassEnvironment))
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                environment[name] = value;
            }
        }

        return environment;
    }
}
