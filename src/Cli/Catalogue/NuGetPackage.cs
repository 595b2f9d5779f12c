using System.IO.Compression;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Catalogue;

/// <summary>A package of NuGet: a zip. Only wanted files are written, under names that the caller gives.</summary>
internal static class NuGetPackage
{
    private const int KindOfFile = 0xF000;
    private const int PlainFile = 0x8000;

    /// <summary>Takes files out.</summary>
    /// <exception cref="OperatorException">One is missing, is there twice, is a link or has a wrong size, or the archive is no
    /// zip.</exception>
    public static async Task ExtractAsync(string path, IReadOnlyList<PackedFile> wanted, CancellationToken cancellationToken)
    {
        try
        {
            await using var archive = await ZipFile.OpenReadAsync(path, cancellationToken);
            foreach (var file in wanted)
            {
                var entries = archive.Entries.Where(entry => entry.FullName == file.From).Take(2).ToArray();
                if (entries.Length != 1)
                {
                    throw new OperatorException(
                        $"'{Path.GetFileName(path)}' has {(entries.Length == 0 ? "no file" : "two files")} '{file.From}'.");
                }

                // The upper half are the mode of Unix, or nothing where the package was made elsewhere.
                if ((entries[0].ExternalAttributes >> 16 & KindOfFile) is not (0 or PlainFile))
                {
                    throw new OperatorException($"'{file.From}' of the package is a link or no plain file.");
                }

                await using var source = await entries[0].OpenAsync(cancellationToken);
                await file.WriteAsync(source, entries[0].Length, cancellationToken);
            }
        }
        catch (InvalidDataException exception)
        {
            throw new OperatorException($"'{Path.GetFileName(path)}' is not a sound package: {exception.Message}", exception);
        }
    }
}
