using System.IO.Compression;
using System.Text;
using Sje.Core.Pipelines;
using Sje.Core.Pipelines.Ir;
using Sje.Core.Pipelines.Types;

namespace Sje.Jobs.Engines.Pipeline;

/// <summary>Finds the columns of a CSV file from its head and its first rows, by the product's own rule.</summary>
internal static class CsvSampler
{
    /// <summary>Characters after which the sample ends early: rows may be of any size.</summary>
    private const long MostCharacters = 16 * 1024 * 1024;

    public static Schema Sample(string node, string path, CsvFormat format)
    {
        using var stream = Open(node, path, format);
        using var text = new StreamReader(stream, EncodingOf(format));
        var reader = new CsvReader(text, format);
        var head =
            reader.Read()
            ?? throw PipelineFailure.Error(
                $"node {node}: the file {Path.GetFileName(path)} is empty, so its columns are not known; declare columns"
            );
        var names = head.Select((n, i) => format.Header && n is not null ? n : $"column{i + 1}").ToList();
        var values = names.ConvertAll(_ => new List<string?>());
        long characters = 0;
        for (
            var (row, count) = (format.Header ? reader.Read() : head, 0);
            row is not null && count < TypeInference.SampleRows && characters < MostCharacters;
            row = reader.Read(), count++
        )
        {
            for (var i = 0; i < names.Count && i < row.Count; i++)
            {
                values[i].Add(row[i]);
                characters += row[i]?.Length ?? 0;
            }
        }

        return Schema.Of(names.Zip(values, (name, column) => new Column(name, TypeInference.Of(column))));
    }

    private static Stream Open(string node, string path, CsvFormat format)
    {
        var compression =
            format.Compression == "auto"
                ? Path.GetExtension(path) switch
                {
                    ".gz" => "gzip",
                    ".zst" => "zstd",
                    _ => "none",
                }
                : format.Compression;
        return compression switch
        {
            "gzip" => new GZipStream(File.OpenRead(path), CompressionMode.Decompress),
            "zstd" => throw PipelineFailure.Invalid(
                $"node {node}: the columns of a zstd file cannot be found by looking; declare columns"
            ),
            _ => File.OpenRead(path),
        };
    }

    private static Encoding EncodingOf(CsvFormat format) =>
        format.Encoding switch
        {
            "latin-1" => Encoding.Latin1,
            "utf-16" => Encoding.Unicode,
            _ => Encoding.UTF8,
        };
}
