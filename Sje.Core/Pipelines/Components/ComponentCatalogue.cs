using System.Collections.Frozen;

namespace Sje.Core.Pipelines.Components;

/// <summary>All components that the product offers.</summary>
internal static class ComponentCatalogue
{
    private static readonly FrozenDictionary<string, Component> ByType = new[]
    {
        SourceComponents.All,
        RowComponents.All,
        ColumnComponents.All,
        JoinComponents.All,
        GroupComponents.All,
        SinkComponents.All,
    }
        .SelectMany(c => c)
        .ToFrozenDictionary(c => c.Type, StringComparer.Ordinal);

    public static IReadOnlyList<string> Types { get; } = [.. ByType.Keys.Order(StringComparer.Ordinal)];

    public static Component? Find(string type) => ByType.GetValueOrDefault(type);
}
