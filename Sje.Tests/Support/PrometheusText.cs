using System.Globalization;
using System.Text.RegularExpressions;

namespace Sje.Tests.Support;

/// <summary>One sample: <c>name{labels} value</c>.</summary>
internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>Reads Prometheus' text format, and is strict about it: what it does not understand fails the test.</summary>
internal sealed partial class PrometheusText
{
    private readonly List<Sample> samples = [];

    private PrometheusText() { }

    /// <summary>The kind of every family that was announced: counter, gauge, histogram.</summary>
    public Dictionary<string, string> Types { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<Sample> Samples => samples;

    public static async Task<PrometheusText> ScrapeAsync(string url, string? key = null)
    {
        using var http = new HttpClient();
        if (key is not null)
        {
            http.DefaultRequestHeaders.Add("Authorization", $"Bearer {key}");
        }

        return Read(await http.GetStringAsync(new Uri(new Uri(url), "/metrics")));
    }

    public static PrometheusText Read(string text)
    {
        var read = new PrometheusText();
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (TypeLine().Match(line) is { Success: true } type)
            {
                Assert.True(read.Types.TryAdd(type.Groups[1].Value, type.Groups[2].Value), $"twice: {line}");
            }
            else if (!line.StartsWith('#'))
            {
                read.samples.Add(ReadSample(line));
            }
        }

        return read;
    }

    /// <summary>The family a sample belongs to: that of <c>x_bucket</c>, <c>x_sum</c> and <c>x_count</c> is <c>x</c>.</summary>
    public string FamilyOf(Sample sample)
    {
        foreach (var suffix in new[] { "_bucket", "_sum", "_count" })
        {
            if (
                sample.Name.EndsWith(suffix, StringComparison.Ordinal)
                && Types.GetValueOrDefault(sample.Name[..^suffix.Length]) == "histogram"
            )
            {
                return sample.Name[..^suffix.Length];
            }
        }

        return sample.Name;
    }

    /// <summary>The sum of a name's samples with these labels, <c>label=value</c>; 0 when there is none.</summary>
    public double Sum(string name, params string[] labels) => Find(name, labels).Sum(sample => sample.Value);

    /// <summary>The samples of a name with these labels.</summary>
    public IEnumerable<Sample> Find(string name, params string[] labels) =>
        samples.Where(sample =>
            sample.Name == name
            && labels
                .Select(label => label.Split('=', 2))
                .All(label => sample.Labels.GetValueOrDefault(label[0]) == label[1])
        );

    private static Sample ReadSample(string line)
    {
        var match = SampleLine().Match(line);
        Assert.True(match.Success, $"no sample: {line}");
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var rest = match.Groups[2].Value;
        while (rest.Length > 0)
        {
            var label = LabelPart().Match(rest);
            Assert.True(label.Success, $"no labels: {line}");
            labels.Add(label.Groups[1].Value, Regex.Unescape(label.Groups[2].Value));
            rest = rest[label.Length..];
        }

        return new Sample(match.Groups[1].Value, labels, ReadValue(match.Groups[3].Value));
    }

    private static double ReadValue(string text) =>
        text switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            "NaN" => double.NaN,
            _ => double.Parse(text, CultureInfo.InvariantCulture),
        };

    [GeneratedRegex(@"^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped|unknown|info)$")]
    private static partial Regex TypeLine();

    // A time in milliseconds may follow the value.
    [GeneratedRegex(@"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: \d+(?:\.\d+)?)?(?: # .*)?$")]
    private static partial Regex SampleLine();

    [GeneratedRegex("""^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)",?""")]
    private static partial Regex LabelPart();
}
