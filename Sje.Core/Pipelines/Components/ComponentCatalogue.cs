using System.Collections.Frozen;

namespace Sje.Core.Pipelines.Components;

/// <summary>All components that the product offers.</summary>
internal static class ComponentCatalogue
{
    private static readonly FrozenDictionary<string, Component> ByType = new[]
    {
        Sources.All, Rows.All, Columns.All, Joins.All, Groups.All, Sinks.All,
    }.SelectMany(c => c).ToFrozenDictionary(c => c.Type, StringComparer.Ordinal);

    public static IReadOnlyList<string> Types { get; } = [.. ByType.Keys.Order(StringComparer.Ordinal)];

    public static Component? Find(string type) => ByType.GetValueOrDefault(type);
}
