using System.Collections.Frozen;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>All functions and operators that the product offers. What is not here is refused; nothing is passed through.</summary>
internal static class FunctionCatalogue
{
    private static readonly FrozenDictionary<string, Function> ByName = new[]
    {
        Operators.All,
        Conditionals.All,
        TextFunctions.All,
        PatternFunctions.All,
        NumberFunctions.All,
        DateFunctions.All,
        ArrayFunctions.All,
        DocumentFunctions.All,
        Aggregates.All,
        WindowFunctions.All,
    }
        .SelectMany(f => f)
        .GroupBy(f => f.Name, StringComparer.OrdinalIgnoreCase)
        .ToFrozenDictionary(g => g.Key, Merge, StringComparer.OrdinalIgnoreCase);

    /// <summary>The aggregates among the names that scalar functions have too (<c>bit_and</c>).</summary>
    private static readonly FrozenDictionary<string, Function> AggregatesByName = Aggregates.All.ToFrozenDictionary(
        f => f.Name,
        StringComparer.OrdinalIgnoreCase
    );

    /// <summary>Names as a person calls them, operators aside.</summary>
    public static IEnumerable<string> Names =>
        ByName.Keys.Where(n => char.IsLetter(n[0]) && !n.Contains(' ', StringComparison.Ordinal));

    public static Function? Find(string name) => ByName.GetValueOrDefault(name);

    public static Function? FindAggregate(string name) => AggregatesByName.GetValueOrDefault(name);

    /// <summary>The forms of one name from several tables; scalar first.</summary>
    private static Function Merge(IEnumerable<Function> functions)
    {
        var all = functions.OrderBy(f => f.Kind).ToList();
        return all[0] with { Overloads = [.. all.Where(f => f.Kind == all[0].Kind).SelectMany(f => f.Overloads)] };
    }
}
