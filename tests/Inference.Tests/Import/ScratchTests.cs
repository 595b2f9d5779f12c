using System.Diagnostics;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tests.Models;
using Xunit.Abstractions;

namespace Tollgate.Inference.Tests.Import;

public sealed class ScratchTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Stages()
    {
        using var folder = new TemporaryFolder();
        var clock = Stopwatch.StartNew();
        void Mark(string s) { output.WriteLine($"{s}: {clock.Elapsed} {Environment.WorkingSet >> 20} MiB"); clock.Restart(); }
        using var file = GgufFile.Open(ModelFiles.SharedModel("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"));
        var w = new LlamaWeights(file);
        Mark("open");
        foreach (var t in file.Tensors.Values) { w.Read(t); }
        Mark("dequant all");
        LlamaGraph.Write(w, folder.Path);
        Mark("write");
        LlamaReference.Logits(w, [1, 2, 3, 4, 5, 6, 7, 8]);
        Mark("reference");
        using var s = new SessionFactory(ExecutionProvider.Cpu).Open(folder.File("model.onnx"));
        Mark("open session");
        using (var run = new DecoderRun(s, 30, 3, 64, 128)) { run.Append([1, 2, 3, 4, 5, 6, 7, 8]); Mark("run 8"); for (var i = 0; i < 20; i++) { run.Append([5]); } Mark("20 steps"); }
        await ModelStore.DescribeAsync(folder.File("weights.bin"), CancellationToken.None);
        Mark("hash");
    }
}
