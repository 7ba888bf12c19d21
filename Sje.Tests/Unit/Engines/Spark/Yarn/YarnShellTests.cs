using Sje.Jobs.Engines.Spark.Yarn;

namespace Sje.Tests.Unit.Engines.Spark.Yarn;

public sealed class YarnShellTests
{
    private static readonly string[] Texts =
    [
        "plain",
        "",
        " blanks  kept ",
        "it's",
        "say \"hello\"",
        "$HOME ${HOME} $(touch owned) `touch owned`",
        "'; touch owned; '",
        "\"; touch owned; \"",
        "\\'; touch owned; \\",
        "$'\\''touch owned",
        "a\nb\r\nc\ttab",
        "{\"a\":{\"b\":{\"c\":[1,2]}}}",
        "{{HOME}} {{PWD}}/x }}{{ {{{{ }}}}} {{{HOME}}}",
        "<LOG_DIR>/x <CPS> <<CPS>> a<b <<LOG_DIR>",
        "!history #comment ~ * ? [a] | & ; ( ) <in >out",
        "\\",
        "\\\\$",
        "Größe 数 🎯",
    ];

    [Fact]
    public async Task A_word_reaches_the_program_as_it_is()
    {
        using var script = new LaunchScript();
        var words = Texts.Where(text => text.Length > 0).Concat(Drawn(200)).ToList();

        var got = await script.RunAsync(
            $"exec {{{{JAVA_HOME}}}}/bin/java {string.Join(' ', words.Select(YarnShell.Word))} ''",
            []
        );

        Assert.Equal([.. words, ""], got.Words);
        Assert.False(File.Exists(Path.Combine(script.Container, "owned")));
    }

    [Fact]
    public async Task A_value_reaches_the_program_as_it_is()
    {
        using var script = new LaunchScript();
        var values = Texts.Concat(Drawn(200)).Select((text, i) => KeyValuePair.Create($"V{i}", text)).ToList();

        var got = await script.RunAsync(
            "exec {{JAVA_HOME}}/bin/java",
            values.Select(v => KeyValuePair.Create(v.Key, YarnShell.Value(v.Value)))
        );

        Assert.All(values, value => Assert.Equal(value.Value, got.Environment[value.Key]));
        Assert.False(File.Exists(Path.Combine(script.Container, "owned")));
    }

    [Theory]
    [InlineData("$A/x", "one/x")]
    [InlineData("${A}x", "onex")]
    [InlineData("{{A}}x", "onex")]
    [InlineData("{{{A}}}", "{one}")]
    [InlineData("/b:$A:$(touch owned)", "/b:one:$(touch owned)")]
    [InlineData("a\"b`c`$1 $ {{ }} \\", "a\"b`c`$1 $ {{ }} \\")]
    [InlineData("${A:-touch}", "${A:-touch}")]
    public async Task A_value_may_name_other_variables_and_do_nothing_else(string text, string value)
    {
        using var script = new LaunchScript();

        var got = await script.RunAsync(
            "exec {{JAVA_HOME}}/bin/java",
            [KeyValuePair.Create("A", "one"), KeyValuePair.Create("B", YarnShell.ValueWithReferences(text))]
        );

        Assert.Equal(value, got.Environment["B"]);
        Assert.False(File.Exists(Path.Combine(script.Container, "owned")));
    }

    [Fact]
    public void What_no_program_can_be_given_is_refused()
    {
        Assert.Throws<FormatException>(() => YarnShell.Word("a\0b"));
        Assert.Throws<FormatException>(() => YarnShell.Value("a\0b"));
    }

    [Theory]
    [InlineData("data.csv", true)]
    [InlineData("with space.csv", true)]
    [InlineData("a\"b", false)]
    [InlineData("a$(b)", false)]
    [InlineData("a`b`", false)]
    [InlineData("..", false)]
    [InlineData("a\nb", false)]
    [InlineData("{{HOME}}", false)]
    public void Links_have_names_that_a_script_can_hold(string name, bool good) =>
        Assert.Equal(good, YarnShell.IsFileName(name));

    // Texts of the characters that mean something somewhere.
    private static IEnumerable<string> Drawn(int count)
    {
        const string Letters = "ab '\"\\$`{}<>CPSLOG_DIR|&;()#!~\n";
        var random = new Random(20);
        for (var i = 0; i < count; i++)
        {
            yield return string.Concat(
                Enumerable.Range(0, random.Next(1, 30)).Select(_ => Letters[random.Next(Letters.Length)])
            );
        }
    }
}
