#!/bin/sh
# Checks that decoders run on this machine's GPU, with the published worker and nothing else of the repository.
# Untested on a GPU by the project: whoever runs it first, please report its output.
set -u

usage() {
  cat <<'TEXT'
usage: check.sh --worker DIR [--provider cuda|cpu] [--model FILE] [--short]

  --worker DIR     what 'dotnet publish src/Inference -c Release -p:OnnxRuntime=cuda -o DIR' wrote
  --provider NAME  cuda (default); cpu runs the same checks on the processor, to test them
  --model FILE     a decoder as GGUF, such as SmolLM2; default: a small one with random weights
  --short          fewer tokens and requests
Needs the NVIDIA driver (nvidia-smi, libcuda), CUDA 13's cudart, cublas and curand, which ONNX Runtime's provider loads, and .NET 10.
Prints a line for each check (PASS, FAIL, INFO, SKIP); ends with 0 where nothing failed, with 2 for a wrong option.
TEXT
}

worker='' provider=cuda model='' short=false
while [ $# -gt 0 ]; do
  case $1 in
    --worker | --provider | --model)
      [ $# -ge 2 ] || { echo "$1 needs a value" >&2; exit 2; }
      case $1 in --worker) worker=$2 ;; --provider) provider=$2 ;; *) model=$2 ;; esac
      shift 2 ;;
    --short) short=true; shift ;;
    --help | -h) usage; exit 0 ;;
    *) echo "$1 is no option of check.sh" >&2; usage >&2; exit 2 ;;
  esac
done

case $provider in cuda | cpu) ;; *) echo "--provider $provider: choose cuda or cpu" >&2; exit 2 ;; esac
[ -f "$worker/Tollgate.Inference.dll" ] || { echo "--worker '$worker': no Tollgate.Inference.dll in it" >&2; exit 2; }
[ -z "$model" ] || [ -f "$model" ] || { echo "--model '$model': no such file" >&2; exit 2; }

if [ "$provider" = cuda ]; then
  if command -v nvidia-smi > /dev/null; then
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader | sed 's/^/INFO  device    /'
  else
    echo 'FAIL  device    nvidia-smi is not here: no NVIDIA driver, or a container without it'
  fi

  library=$(find "$worker" -name libonnxruntime_providers_cuda.so | head -n 1)
  if [ -z "$library" ]; then
    echo 'FAIL  library   libonnxruntime_providers_cuda.so is not in the folder: publish with -p:OnnxRuntime=cuda'
    exit 1
  fi

  missing=$(ldd "$library" | sed -n 's/^[[:space:]]*\(.*\) => not found$/\1/p' | sort -u | tr '\n' ' ')
  [ -z "$missing" ] || echo "FAIL  library   these are missing for the provider: $missing"
  command -v nvidia-smi > /dev/null && [ -z "$missing" ] || exit 1
fi

set -- check "--provider=$provider" "--short=$short"
[ -z "$model" ] || set -- "$@" "--model=$model"
exec dotnet "$worker/Tollgate.Inference.dll" "$@"
