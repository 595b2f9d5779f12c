using System.Formats.Tar;
using System.IO.Compression;

namespace Tollgate.Cli.Tests.Catalogue;

/// <summary>Packages that tests make.</summary>
internal static class Archives
{
    /// <summary>A package of npm: its files lie in the folder <c>package</c>.</summary>
    public static byte[] Npm(params (string Name, byte[] Bytes)[] files) => Tar(
        [.. files.Select(file => new PaxTarEntry(TarEntryType.RegularFile, $"package/{file.Name}")
        {
            DataStream = new MemoryStream(file.Bytes),
        })]);

    /// <summary>A tar in gzip.</summary>
    public static byte[] Tar(params TarEntry[] entries)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip))
        {
            foreach (var entry in entries)
            {
                tar.WriteEntry(entry);
            }
        }

        return bytes.ToArray();
    }

    /// <summary>Bytes in gzip.</summary>
    public static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    /// <summary>A package of NuGet.</summary>
    /// <param name="attributes">Attributes of the files.</param>
    public static byte[] NuGet(int attributes = 0, params (string Name, byte[] Bytes)[] files)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                var entry = zip.CreateEntry(name);
                entry.ExternalAttributes = attributes;
                using var stream = entry.Open();
                stream.Write(content);
            }
        }

        return bytes.ToArray();
    }
}
