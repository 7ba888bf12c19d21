using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Sje.Core.Jobs;

namespace Sje.Jobs.Execution;

/// <summary>The engines of this worker, by task type.</summary>
public sealed class EngineRegistry
{
    private readonly FrozenDictionary<string, IEngine> engines;

    /// <summary>Takes all engines that are registered.</summary>
    /// <exception cref="ArgumentException">Two of them are for the same type.</exception>
    public EngineRegistry(IEnumerable<IEngine> engines)
    {
        ArgumentNullException.ThrowIfNull(engines);
        var byType = new Dictionary<string, IEngine>(StringComparer.Ordinal);
        foreach (var engine in engines)
        {
            if (!byType.TryAdd(engine.Type, engine))
            {
                throw new ArgumentException(
                    $"Both {byType[engine.Type].GetType()} and {engine.GetType()} are engines for '{engine.Type}'.",
                    nameof(engines)
                );
            }
        }

        this.engines = byType.ToFrozenDictionary(StringComparer.Ordinal);
        Types = [.. byType.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>The task types that this worker can claim, sorted.</summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>The engine for a canonical task type.</summary>
    public bool TryFind(string type, [NotNullWhen(true)] out IEngine? engine) => engines.TryGetValue(type, out engine);
}
