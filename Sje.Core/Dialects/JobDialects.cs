using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>The dialects that are read, each recognised by keys that no other has.</summary>
public static class JobDialects
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<JobDialect> All { get; } =
    [new OrchestratorJob(), new OriginalTask(), new DesignerJob()];
}
