namespace Sje.Jobs.Execution;

/// <summary>Reads files that a task wrote, and so may be of any size, or not there.</summary>
internal static class BoundedFile
{
    /// <summary>The content; null when there is no such file or it is larger than the limit.</summary>
    public static byte[]? Read(string path, int maxBytes, out bool tooLarge)
    {
        tooLarge = false;
        try
        {
            using var file = new FileStream(
                path,
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete
            );
            var buffer = new byte[Math.Min(file.Length, maxBytes) + 1];
            var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            tooLarge = length > maxBytes;
            return tooLarge ? null : buffer[..length];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
