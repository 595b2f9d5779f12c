using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Generation;

/// <summary>Chooses the engine of a decoder by the provider of its session.</summary>
internal static class DecoderEngines
{
    /// <summary>Opens rows of so many tokens.</summary>
    public static Func<DecoderScope, int, int, IDecoderEngine> On(ExecutionProvider provider) =>
        provider.IsCuda ? (scope, rows, length) => OpenOnDevice(scope, provider, rows, length) : OpenOnHost;

    public static IDecoderEngine OpenOnHost(DecoderScope scope, int rows, int length) =>
        new DecoderSteps(scope.Session, scope.Size, rows, length, scope.Options.MaxChunk);

    /// <summary>Length of a row on a device, tokens: all memory for keys and values is allocated at once, in equal parts.</summary>
    /// <param name="length">Most tokens of a row.</param>
    /// <exception cref="InvalidOperationException"><see cref="GenerationOptions.KeyValueMemoryMb"/> does not hold such rows.</exception>
    public static int FitLength(GenerationOptions options, ModelDecoder size, int rows, int length)
    {
        const int HalfBytes = 2; // CUDA's attention takes half precision only.
        var bytes = options.KeyValueMemoryMb * (1L << 20) / rows;
        var fits = bytes / size.BytesOfToken(HalfBytes);
        return fits >= 2 ? (int)Math.Min(fits, length) : throw new InvalidOperationException(
            $"{GenerationOptions.Section}:{nameof(GenerationOptions.KeyValueMemoryMb)} is {options.KeyValueMemoryMb}, which does not hold "
            + $"{rows} rows of two tokens. A device has the memory of all rows from the start.");
    }

    private static DeviceSteps OpenOnDevice(DecoderScope scope, ExecutionProvider provider, int rows, int length) => new(
        scope.Session, scope.Size, new DeviceMemory(scope.Session, provider), provider.Captures, rows,
        FitLength(scope.Options, scope.Size, rows, length), scope.Options.MaxChunk);
}
