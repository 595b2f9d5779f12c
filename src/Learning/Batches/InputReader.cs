using Tollgate.Learning.Contents;
using Tollgate.Learning.Files;

namespace Tollgate.Learning.Batches;

/// <summary>Reads lines out of the input files of batches.</summary>
internal sealed class InputReader(ContentStore contents, FileTable files)
{
    /// <summary>The lines, which lie in the order of the file; null when the file was deleted, has expired or is damaged.</summary>
    public async Task<IReadOnlyList<LineRequest>?> ReadAsync(
        Batch batch, IReadOnlyList<InputLine> places, CancellationToken cancellationToken)
    {
        if (await files.FindAsync(batch.Caller, batch.InputFile, cancellationToken) is not { } file)
        {
            return null;
        }

        try
        {
            await using var content = await contents.OpenAsync(
                file.Blob, file.WrappedKey, file.Bytes, places[0].At, cancellationToken);
            var (at, requests) = (places[0].At, new List<LineRequest>(places.Count));
            foreach (var place in places)
            {
                await SkipAsync(content, place.At - at, cancellationToken);
                var bytes = new byte[place.Bytes];
                await content.ReadExactlyAsync(bytes, cancellationToken);
                requests.Add(LineRequest.Parse(place.Line, bytes));
                at = place.At + place.Bytes;
            }

            return requests;
        }
        catch (DamagedContentException)
        {
            return null;
        }
    }

    private static async Task SkipAsync(Stream content, long bytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[(int)Math.Min(bytes, 64 * 1024)];
        while (bytes > 0)
        {
            var part = (int)Math.Min(bytes, buffer.Length);
            await content.ReadExactlyAsync(buffer.AsMemory(0, part), cancellationToken);
            bytes -= part;
        }
    }
}
