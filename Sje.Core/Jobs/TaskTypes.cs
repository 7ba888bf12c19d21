using System.Diagnostics.CodeAnalysis;

namespace Sje.Core.Jobs;

/// <summary>The task types that this server knows, by name and by alias. Spelling counts, capitals too.</summary>
public sealed class TaskTypes
{
    private readonly Dictionary<string, ITaskType> byName = new(StringComparer.Ordinal);

    /// <summary>Gathers the types.</summary>
    /// <exception cref="ArgumentException">Two of them share a name.</exception>
    public TaskTypes(IEnumerable<ITaskType> types)
    {
        foreach (var type in types)
        {
            foreach (var name in type.Aliases.Prepend(type.Type))
            {
                if (!byName.TryAdd(name, type))
                {
                    throw new ArgumentException(
                        $"Task type '{name}' is defined by {byName[name].GetType().Name} and by {type.GetType().Name}.",
                        nameof(types)
                    );
                }
            }
        }

        Names = [.. byName.Values.Select(type => type.Type).Distinct().Order(StringComparer.Ordinal)];
        NamesAndAliases = [.. byName.Keys];
    }

    /// <summary>The canonical names, sorted.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Every spelling that <see cref="TryFind"/> takes.</summary>
    internal IReadOnlyList<string> NamesAndAliases { get; }

    /// <summary>The type of a name or an alias.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out ITaskType? type) => byName.TryGetValue(name, out type);
}
