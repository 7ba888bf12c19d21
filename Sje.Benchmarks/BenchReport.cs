using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sje.Benchmarks;

/// <summary>
/// What a bench measured: <c>{"measures": [{"name", "value", "unit", "ratios": {"stockHangfire": 2.1}}]}</c> on stdout, a table for people
/// on stderr. Machines are noisy, so only the ratios, against something measured in the same run, say something.
/// </summary>
internal sealed class BenchReport
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly List<Measure> measures = [];

    /// <summary>Adds a figure, and how many times it is what else was measured in this run.</summary>
    public void Add(string name, double value, string unit, params (string Against, double Value)[] others)
    {
        var ratios =
            others.Length == 0 ? null : others.ToDictionary(o => o.Against, o => Math.Round(value / o.Value, 3));
        measures.Add(new Measure(name, Math.Round(value, 3), unit, ratios));
        var beside = string.Join(", ", (ratios ?? []).Select(r => $"{r.Value:0.00} x {r.Key}"));
        Console.Error.WriteLine($"{name, -24} {value, 10:N1} {unit, -8} {beside}");
    }

    /// <summary>Writes the JSON.</summary>
    public void Write() => Console.WriteLine(JsonSerializer.Serialize(new { measures }, Json));

    private sealed record Measure(string Name, double Value, string Unit, IReadOnlyDictionary<string, double>? Ratios);
}
