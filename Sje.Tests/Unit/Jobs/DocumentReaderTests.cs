using System.Text;
using Sje.Core.Jobs;

namespace Sje.Tests.Unit.Jobs;

public class DocumentReaderTests
{
    private static Document Read(string text, JobFormat format = JobFormat.Auto) =>
        Read(Encoding.UTF8.GetBytes(text), format);

    private static Document Read(byte[] bytes, JobFormat format = JobFormat.Auto) =>
        DocumentReader.Read(bytes, format, 1024 * 1024);

    private static void AssertFault(Document document, JobReadFailure failure, string pointer, string code, int? line)
    {
        var fault = Assert.Single(document.Faults);
        Assert.Equal((failure, pointer, code, line), (document.Failure, fault.Pointer, fault.Code, fault.Line));
        Assert.True(fault.Detail.Length < 400, fault.Detail);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   \n")]
    [InlineData("{")]
    [InlineData("[1,]")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\" 1}")]
    [InlineData("{a:1}")]
    [InlineData("{'a':1}")]
    [InlineData("{\"a\":1} x")]
    [InlineData("{\"a\":1}{}")]
    [InlineData("// c\n{}")]
    [InlineData("{\"a\": NaN}")]
    [InlineData("{\"a\": 01}")]
    [InlineData("{\"a\": +1}")]
    [InlineData("{\"a\": .5}")]
    [InlineData("{\"a\": 1.}")]
    [InlineData("{\"a\": \"x\ny\"}")]
    [InlineData("{\"a\": \"\\x41\"}")]
    [InlineData("{\"a\": \"\\u12\"}")]
    [InlineData("{\"a\": tru}")]
    [InlineData("]")]
    [InlineData("nope")]
    public void What_is_not_JSON_is_malformed(string text)
    {
        var document = Read(text, JobFormat.Json);
        Assert.Equal(JobReadFailure.NotReadable, document.Failure);
        Assert.Equal(FaultCodes.Malformed, Assert.Single(document.Faults).Code);
        Assert.Null(document.Root);
        Assert.NotNull(document.Faults[0].Line);
    }

    [Fact]
    public void A_syntax_fault_names_place_and_line() =>
        AssertFault(Read("{\"a\": {\n  \"b\": [1, 2,\n  }\n}"), JobReadFailure.NotReadable, "/a/b/2", "malformed", 3);

    [Theory]
    [InlineData("")]
    [InlineData("# only a comment\n")]
    [InlineData("a: b: c")]
    [InlineData("a: [1, 2")]
    [InlineData("a: {b: 1")]
    [InlineData("a: \"x")]
    [InlineData("a: 'x")]
    [InlineData("a:\n\t- b")]
    [InlineData("a: 1\n b: 2")]
    [InlineData("- a\nb: 1")]
    [InlineData("a: \"\\q\"")]
    [InlineData("a: @b")]
    [InlineData("a: `b")]
    [InlineData("%YAML 9.9\n---\na: 1")]
    [InlineData("}")]
    [InlineData("a: \"\\U00110000\"")]
    [InlineData("a: |9999999999\n x")]
    public void What_is_not_YAML_is_malformed(string text)
    {
        var document = Read(text, JobFormat.Yaml);
        Assert.Equal(JobReadFailure.NotReadable, document.Failure);
        Assert.Equal(FaultCodes.Malformed, Assert.Single(document.Faults).Code);
        Assert.True(document.Faults[0].Line >= 1);
    }

    [Theory]
    [InlineData("a: &x 1\nb: *x", 1)]
    [InlineData("a: 1\nb: *x", 2)]
    [InlineData("a: &x [1]\n", 1)]
    [InlineData("&x a: 1\n", 1)]
    [InlineData("a: !!python/object:os.system x", 1)]
    [InlineData("a: 1\nb: !mine {}", 2)]
    [InlineData("a: !!int '1'", 1)]
    [InlineData("a: !!map {}", 1)]
    [InlineData("!<tag:x,1:y> a", 1)]
    [InlineData("a: 1\n---\nb: 2", 2)]
    [InlineData("? [a, b]\n: 1", 1)]
    [InlineData("? {a: b}\n: 1", 1)]
    public void Parts_of_YAML_that_a_job_does_without_are_refused(string text, int line)
    {
        var fault = Assert.Single(Read(text, JobFormat.Yaml).Faults);
        Assert.Equal((FaultCodes.NotAllowedInYaml, line), (fault.Code, fault.Line));
    }

    [Theory]
    [InlineData("1", "1")]
    [InlineData("-5", "-5")]
    [InlineData("+5", "5")]
    [InlineData("007", "7")]
    [InlineData("0", "0")]
    [InlineData("-0", "-0")]
    [InlineData("0x1F", "31")]
    [InlineData("0o17", "15")]
    [InlineData("017", "17")]
    [InlineData("3.10", "3.10")]
    [InlineData(".5", "0.5")]
    [InlineData("-.5", "-0.5")]
    [InlineData("1.", "1.0")]
    [InlineData("1e3", "1e3")]
    [InlineData("1.5E-3", "1.5E-3")]
    [InlineData("123456789012345678901234567890", "123456789012345678901234567890")]
    [InlineData("true", "true")]
    [InlineData("False", "false")]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    [InlineData("null", "null")]
    [InlineData("yes", "\"yes\"")]
    [InlineData("on", "\"on\"")]
    [InlineData("No", "\"No\"")]
    [InlineData("tRUE", "\"tRUE\"")]
    [InlineData("1_000", "\"1_000\"")]
    [InlineData("12:30:45", "\"12:30:45\"")]
    [InlineData("2024-05-01", "\"2024-05-01\"")]
    [InlineData("0b11", "\"0b11\"")]
    [InlineData("0x", "\"0x\"")]
    [InlineData("1.2.3", "\"1.2.3\"")]
    [InlineData(".", "\".\"")]
    [InlineData("e5", "\"e5\"")]
    [InlineData("'1'", "\"1\"")]
    [InlineData("\"true\"", "\"true\"")]
    [InlineData("''", "\"\"")]
    [InlineData("!!str 5", "\"5\"")]
    [InlineData("! 5", "\"5\"")]
    [InlineData("\"a\\tb\\x41\\u00e9\\U0001F600\"", "\"a\\tbAé\\uD83D\\uDE00\"")]
    [InlineData("|\n  a\n  b\n", "\"a\\nb\\n\"")]
    [InlineData("|-\n  a\n  b\n", "\"a\\nb\"")]
    [InlineData(">\n  a\n  b\n", "\"a b\\n\"")]
    public void A_YAML_scalar_is_what_the_core_schema_says(string written, string json)
    {
        var document = Read("a: " + written, JobFormat.Yaml);
        Assert.Empty(document.Faults);
        var value = document.Root!["a"];
        Assert.Equal(
            json,
            value is null
                ? "null"
                : value.ToJsonString(
                    new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
                )
        );
    }

    [Fact]
    public void YAML_and_JSON_of_the_same_job_are_the_same_tree()
    {
        var json = Read("""{"a": [1, {"b": "x"}, [], {}], "c": null, "d": 1.50}""");
        var yaml = Read("a:\n- 1\n- b: x\n- []\n- {}\nc:\nd: 1.50\n");
        Assert.Equal((JobFormat.Json, JobFormat.Yaml), (json.Format, yaml.Format));
        Assert.Equal(json.Root!.ToJsonString(), yaml.Root!.ToJsonString());
    }

    [Theory]
    [InlineData("\uFEFF{\"a\": 1}", JobFormat.Json)]
    [InlineData("\uFEFFa: 1", JobFormat.Yaml)]
    [InlineData(" \r\n\t[1]", JobFormat.Json)]
    [InlineData("--- {a: 1}", JobFormat.Yaml)]
    public void The_notation_is_recognised_by_the_first_character(string text, JobFormat format)
    {
        var document = Read(text);
        Assert.Empty(document.Faults);
        Assert.Equal(format, document.Format);
    }

    [Theory]
    [InlineData("{\"a\": 1,\n\"b\": {\"c\": 1, \"x/y~z\": 2, \"x/y~z\": 3}}", "/b/x~1y~0z", 2)]
    [InlineData("{\"a\": {}, \"\\u0061\": {\"b\": [1]}}", "/a", 1)]
    [InlineData("a: 1\nb:\n  c: 1\n  c: 2\n", "/b/c", 4)]
    [InlineData("a: 1\n'a': {b: [1, 2]}\n", "/a", 2)]
    [InlineData("1: x\n'1': y", "/1", 2)]
    public void A_key_that_stands_twice_is_a_fault_and_the_first_counts(string text, string pointer, int line) =>
        AssertFault(Read(text), JobReadFailure.Wrong, pointer, "duplicate_key", line);

    [Theory]
    [InlineData("{\"a\": [\"x\\u0000y\"]}", "/a/0", "nul_character")]
    [InlineData("{\"a\\u0000\": 1}", "/a\0", "nul_character")]
    [InlineData("{\"a\": \"\\ud800\"}", "/a", "unpaired_surrogate")]
    [InlineData("{\"a\": \"\\ud83d\\ude00 \\ude00\"}", "/a", "unpaired_surrogate")]
    [InlineData("{\"a\": \"\\ud83d\\ud83d\\ude00\"}", "/a", "unpaired_surrogate")]
    [InlineData("{\"a\": \"\\ud83dx\"}", "/a", "unpaired_surrogate")]
    [InlineData("{\"\\udfff\": 1}", "/\uFFFD", "unpaired_surrogate")]
    [InlineData("a: \"x\\0y\"", "/a", "nul_character")]
    [InlineData("a: \"\\x00\"", "/a", "nul_character")]
    [InlineData("a: \"\\u0000\"", "/a", "nul_character")]
    [InlineData("{\"a\": 1e999}", "/a", "out_of_range")]
    [InlineData("{\"a\": -1e999}", "/a", "out_of_range")]
    [InlineData("{\"a\": 1e-9999999999}", "/a", "out_of_range")]
    [InlineData("{\"a\": 0e99999}", "/a", "out_of_range")]
    [InlineData("a: .inf", "/a", "out_of_range")]
    [InlineData("a: -.INF", "/a", "out_of_range")]
    [InlineData("a: .nan", "/a", "out_of_range")]
    [InlineData("a: 1e999", "/a", "out_of_range")]
    public void What_the_database_could_not_hold_is_a_fault_at_its_place(string text, string pointer, string code) =>
        AssertFault(Read(text), JobReadFailure.Wrong, pointer, code, 1);

    [Theory]
    [InlineData("{\"a\": \"\\ud83d\\ude00\"}")]
    [InlineData("{\"a\": \"\\\\ud800 \\\\u0000\"}")]
    [InlineData("{\"a\": \"😀\\n\"}")]
    [InlineData("a: '\\ud800'")]
    public void Whole_pairs_and_escaped_backslashes_are_text(string text) => Assert.Empty(Read(text).Faults);

    [Fact]
    public void Numbers_too_long_for_the_database_are_refused() =>
        AssertFault(Read($"{{\"a\": 0.{new string('1', 20_000)}}}"), JobReadFailure.Wrong, "/a", "out_of_range", 1);

    [Theory]
    [InlineData(JobFormat.Json)]
    [InlineData(JobFormat.Yaml)]
    public void Bad_bytes_are_told_by_their_position(JobFormat format)
    {
        byte[] bytes = [.. "{\"a\":\n\"x"u8, 0xC3, 0x28, .. "\"}"u8];
        var document = Read(bytes, format);
        AssertFault(document, JobReadFailure.NotReadable, "", "invalid_utf8", 2);
        Assert.Contains("Byte 8 (0xc3)", document.Faults[0].Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x7B, 0x00 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0xC0, 0x80 })]
    [InlineData(new byte[] { 0xF4, 0x90, 0x80, 0x80 })]
    [InlineData(new byte[] { 0x61, 0x3A, 0x20, 0xE2, 0x82 })]
    public void UTF_16_surrogates_overlong_forms_and_cut_ends_are_bad_bytes(byte[] bytes) =>
        Assert.Equal(FaultCodes.InvalidUtf8, Assert.Single(Read(bytes).Faults).Code);

    [Theory]
    [InlineData(JobFormat.Json)]
    [InlineData(JobFormat.Yaml)]
    public void A_raw_NUL_does_not_end_the_text_early(JobFormat format) =>
        AssertFault(Read("{\"a\": 1}\n\0 b: 2", format), JobReadFailure.NotReadable, "", "nul_character", 2);

    [Theory]
    [InlineData(JobFormat.Json, 64, true)]
    [InlineData(JobFormat.Json, 65, false)]
    [InlineData(JobFormat.Json, 500_000, false)]
    [InlineData(JobFormat.Yaml, 64, true)]
    [InlineData(JobFormat.Yaml, 65, false)]
    [InlineData(JobFormat.Yaml, 500_000, false)]
    public void Sixty_four_levels_are_read_and_no_more(JobFormat format, int levels, bool read)
    {
        var document = Read(new string('[', levels) + new string(']', levels), format);
        if (read)
        {
            Assert.Empty(document.Faults);
        }
        else
        {
            AssertFault(
                document,
                JobReadFailure.NotReadable,
                string.Concat(Enumerable.Repeat("/0", 64)),
                "too_deep",
                1
            );
        }
    }

    [Fact]
    public void A_document_of_too_many_values_is_refused_before_it_eats_the_memory()
    {
        var text = "[" + string.Join(",", Enumerable.Repeat("0", DocumentReader.MaxValues + 5)) + "]";
        var document = DocumentReader.Read(Encoding.UTF8.GetBytes(text), JobFormat.Json, int.MaxValue);
        Assert.Equal((JobReadFailure.NotReadable, "too_many"), (document.Failure, Assert.Single(document.Faults).Code));
    }

    [Fact]
    public void The_line_of_what_is_missing_is_the_line_of_what_lacks_it()
    {
        var document = Read("a: 1\nb:\n  c:\n    - x\n    - {d: 1}\n");
        var faults = document.WithLines([
            new Fault("/b/c/1/e", "", "x"),
            new Fault("/b/c/0", "", "x"),
            new Fault("/z", "", "x"),
            new Fault("", "", "x"),
            new Fault("/b/c/1/d", "", "x", 9),
        ]);
        Assert.Equal(
            ["/z 1", " 1", "/b/c/0 4", "/b/c/1/e 5", "/b/c/1/d 9"],
            faults.Select(f => $"{f.Pointer} {f.Line}")
        );
    }

    /// <summary>Shapes that parsers are known to be slow on. Quadratic work would take minutes at this size.</summary>
    public static TheoryData<string, JobFormat> HeavyShapes()
    {
        var data = new TheoryData<string, JobFormat>();
        string[] shapes =
        [
            "[",
            "{",
            "- ",
            "? ",
            ": ",
            "a: ",
            "&a ",
            "*a ",
            "!a ",
            "'",
            "\"",
            "|\n",
            ">\n",
            "#",
            "%",
            "---\n",
            "\n",
            " ",
            "\t",
            "a\n",
            "[],",
            "{},",
            "{a: ",
            "[a, ",
            "- - ",
            "a: b\n",
            "\\",
            "\"\\ud800\",",
            "{{",
            "}}",
            ",",
            "a,",
            "\"a\":",
            "0",
            "1e",
            "0x",
            "é",
            "😀",
            "\r",
            "\u2028",
            "\u0085",
            "- a\n",
            "a: |\n b\n",
            "? a\n",
            "[? a : ",
            "'a': ",
            "\"a\\\n",
            "<<: ",
        ];
        foreach (var shape in shapes)
        {
            data.Add(shape, JobFormat.Yaml);
            data.Add(shape, JobFormat.Json);
            data.Add("[" + shape, JobFormat.Yaml);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(HeavyShapes))]
    public void A_heap_of_anything_is_read_in_linear_time(string shape, JobFormat format)
    {
        var start = shape.StartsWith('[') && shape.Length > 1 ? shape[..1] : "";
        var unit = shape[start.Length..];
        var size = Encoding.UTF8.GetByteCount(unit);
        var text = start + string.Concat(Enumerable.Repeat(unit, 256 * 1024 / size));
        var before = System.Diagnostics.Stopwatch.GetTimestamp();
        var result = Reading.Job(text, format);
        Assert.NotEmpty(result.Faults);
        Assert.True(
            System.Diagnostics.Stopwatch.GetElapsedTime(before) < TimeSpan.FromSeconds(30),
            $"{System.Diagnostics.Stopwatch.GetElapsedTime(before)}"
        );
    }
}
