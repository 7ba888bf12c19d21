using System.Globalization;
using System.Text;
using Sje.Jobs.Execution;

namespace Sje.Tests.Chaos.Storm;

/// <summary>Processes of tasks that are still there.</summary>
internal static class Leftovers
{
    /// <summary>A line for each process that belongs to a task of the workers with this storage root.</summary>
    public static IReadOnlyList<string> Of(string storageRoot)
    {
        var found = new List<string>();
        foreach (var process in ProcessTable.Read())
        {
            try
            {
                var environment = File.ReadAllText(
                        $"/proc/{process.Id.ToString(CultureInfo.InvariantCulture)}/environ",
                        Encoding.UTF8
                    )
                    .Split('\0');
                if (environment.Contains($"SJE_STORAGE_ROOT={storageRoot}"))
                {
                    found.Add(
                        $"process {process.Id} of {environment.FirstOrDefault(v => v.StartsWith("SJE_TASK_ID=", StringComparison.Ordinal))}"
                    );
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has just gone.
            }
        }

        return found;
    }
}
