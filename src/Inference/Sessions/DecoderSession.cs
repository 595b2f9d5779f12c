using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Sessions;

/// <summary>A session over the graph of a decoder that an import wrote. The weights beside the graph are mapped here, not by ONNX Runtime,
/// so that their pages can leave memory while it packs them, whoever owns the file.</summary>
/// <remarks>ONNX Runtime uses a constant that it is given as it is, even where its optimizer has transposed the graph's own. It has nothing
/// to transpose in graphs of imported decoders; those of other models are not opened in this way.</remarks>
internal sealed class DecoderSession : InferenceSession
{
    private readonly MappedConstants _constants;

    private DecoderSession(string path, SessionOptions options, MappedConstants constants)
        : base(path, options) => _constants = constants;

    /// <param name="path">The graph.</param>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses the graph.</exception>
    /// <exception cref="ModelImportException">The graph is damaged, or the weights beside it are too short.</exception>
    public static DecoderSession Open(string path, SessionOptions options)
    {
        var constants = MappedConstants.Open(path);
        try
        {
            constants.AddTo(options);
            using (constants.GiveBackMeanwhile())
            {
                return new DecoderSession(path, options, constants);
            }
        }
        catch
        {
            constants.Dispose();
            throw;
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _constants.Dispose();
        }
    }
}
