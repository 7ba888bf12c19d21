namespace Sje.Web.Cli;

/// <summary>How the command line says that something is wrong.</summary>
internal static class CliFailure
{
    /// <summary>One line on standard error, then one for each fault.</summary>
    public static void Write(string message, IReadOnlyList<string>? faults = null)
    {
        Console.Error.WriteLine("sje: " + message);
        foreach (var fault in faults ?? [])
        {
            Console.Error.WriteLine("  - " + fault);
        }
    }
}
