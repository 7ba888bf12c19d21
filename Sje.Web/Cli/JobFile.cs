using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary>A job file as it goes to the server: untouched, or with the values of <c>--param</c> in it.</summary>
internal sealed record JobFile(string Name, byte[] Text, string MediaType)
{
    /// <summary>Values of parameters.</summary>
    public static readonly Option<string[]> Parameters = new("--param", "-p")
    {
        Description = "Sets a parameter, name=value; may be repeated",
    };

    /// <summary>Reads a file, or standard input for <c>-</c>.</summary>
    /// <exception cref="FailureException">It cannot be read, or a parameter is not name=value.</exception>
    public static async Task<JobFile> ReadAsync(string path, string[]? parameters, CancellationToken stop)
    {
        byte[] text;
        try
        {
            text = path == "-" ? await ReadInputAsync(stop) : await File.ReadAllBytesAsync(path, stop);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new FailureException($"The job file cannot be read: {unreadable.Message}", ExitCodes.Usage);
        }

        var json = path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || FirstLetter(text) is '{';
        var file = new JobFile(
            path == "-" ? "standard input" : path,
            text,
            json ? "application/json" : "application/yaml"
        )
        {
            IsInput = path == "-",
        };
        return parameters is { Length: > 0 } ? file.With(parameters) : file;
    }

    /// <summary>Whether it came by standard input, and has no name of a file.</summary>
    public bool IsInput { get; private init; }

    /// <summary>Whether the job bears a label of the client's, which can stand in for a name.</summary>
    public bool HasLabel =>
        (DocumentReader.Read(Text, JobFormat.Auto, int.MaxValue).Root as JsonObject)?["jobId"] is not null;

    /// <summary>The body of a request.</summary>
    public ByteArrayContent ToContent()
    {
        var body = new ByteArrayContent(Text);
        body.Headers.ContentType = new MediaTypeHeaderValue(MediaType);
        return body;
    }

    /// <summary>The values of <c>--param</c> by name. What reads as JSON is that, anything else is text, and so is all that must be.</summary>
    public static JsonObject Values(string[]? parameters, Func<string, bool> isText)
    {
        var values = new JsonObject();
        foreach (var parameter in parameters ?? [])
        {
            var at = parameter.IndexOf('=', StringComparison.Ordinal);
            if (at < 1)
            {
                throw new FailureException(
                    $"--param {parameter}: a parameter is given as name=value.",
                    ExitCodes.Usage
                );
            }

            var (name, text) = (parameter[..at], parameter[(at + 1)..]);
            values[name] = isText(name) ? text : Value(text);
        }

        return values;
    }

    private static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }

    /// <summary>The same job with values as its parameters: as the default where one is declared, which keeps its type, else bare.</summary>
    private JobFile With(string[] parameters)
    {
        var document = DocumentReader.Read(Text, JobFormat.Auto, int.MaxValue);
        if (document.Failure != JobReadFailure.None || document.Root is not JsonObject job)
        {
            // The server says better what is wrong with it, with every fault and its line.
            return this;
        }

        var declared = job["parameters"] as JsonObject ?? [];
        job["parameters"] = declared;
        foreach (var (name, value) in Values(parameters, name => IsText(declared[name])))
        {
            if (declared[name] is JsonObject declaration)
            {
                declaration["default"] = value?.DeepClone();
            }
            else
            {
                declared[name] = value?.DeepClone();
            }
        }

        return this with
        {
            Text = JsonSerializer.SerializeToUtf8Bytes(job),
            MediaType = "application/json",
        };
    }

    /// <summary>Whether a parameter, as a job declares it, takes text whatever it looks like.</summary>
    public static bool IsText(JsonNode? parameter) =>
        parameter switch
        {
            JsonObject declaration => Show.Text(declaration["type"]) == "string",
            JsonValue bare => bare.GetValueKind() == JsonValueKind.String,
            _ => false,
        };

    private static char FirstLetter(byte[] text) =>
        (char)text.FirstOrDefault(letter => letter is not (0x20 or 0x09 or 0x0A or 0x0D or 0xEF or 0xBB or 0xBF));

    private static async Task<byte[]> ReadInputAsync(CancellationToken stop)
    {
        await using var input = Console.OpenStandardInput();
        using var text = new MemoryStream();
        await input.CopyToAsync(text, stop);
        return text.ToArray();
    }
}
