using Sje.Tests.Support;

namespace Sje.Tests.Unit.Docs;

/// <summary>Pages that are made of the code are committed as they come out.</summary>
public class GeneratedDocsTests
{
    [Theory]
    [InlineData("job-file.md")]
    [InlineData("api-reference.md")]
    public void The_committed_page_is_the_one_that_the_code_makes(string name)
    {
        var page = name == "job-file.md" ? JobFileReference.Write() : ApiReference.Write();
        page = page.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        var path = RepositoryFiles.Path("docs", "reference", name);
        if (Environment.GetEnvironmentVariable("SJE_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, page);
        }

        var committed = File.Exists(path) ? File.ReadAllText(path) : "";
        Assert.True(
            committed == page,
            $"{path} and the code differ: run this test with SJE_WRITE_DOCS=1 and commit the page."
        );
    }
}
